import { int64, type Tensor } from '../../graph/tensor.js';
import { type Kernel, make } from './kernel.js';
import { concatenate } from './shape.js';

/**
 * Runs the body until its trip count is reached or its condition is false.
 *
 * The body maps (iteration, condition, …state) to (condition, …state, …scans). State is carried from trip to trip;
 * scans of all trips are stacked along a new first axis.
 */
const loop: Kernel = ([tripCount, condition, ...initial]: readonly [Tensor?, Tensor?, ...Tensor[]], call) => {
  const body = call.subgraph('body');
  const trips = tripCount ? Number(tripCount.data[0]) : Number.POSITIVE_INFINITY;
  let state: Tensor[] = initial;
  let going = condition ?? make('bool', [], Uint8Array.of(1));
  const scans = body.outputs.slice(1 + initial.length).map(() => [] as Tensor[]);
  for (let trip = 0; trip < trips && going.data[0]; trip++) {
    const results = body([int64([trip], []), going, ...state]);
    [going = going] = results;
    state = results.slice(1, 1 + initial.length);
    for (const [i, { type, dims, data }] of results.slice(1 + initial.length).entries())
      scans[i]?.push(make(type, [1, ...dims], data));
  }
  const stacked = body.outputs.slice(1 + initial.length).map(({ type, dims }, i) => {
    const scan = scans[i] ?? [];
    return concatenate(scan.length > 0 ? scan : [make(type, [0, ...dims], new Float32Array(0))], 0);
  });
  return [...state, ...stacked];
};

const branch: Kernel = ([condition]: readonly [Tensor], call) =>
  call.subgraph(condition.data[0] ? 'then_branch' : 'else_branch')([]);

export const controlFlow = { Loop: loop, If: branch } satisfies Record<string, Kernel>;
