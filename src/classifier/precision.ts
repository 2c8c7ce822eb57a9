import { UserError } from '../errors.js';
import { intOf } from '../graph/attributes.js';
import { typeCodes } from '../graph/element-types.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import { halvesToFloats, numberToHalf } from '../graph/half.js';
import { float32, sizeOf, type Tensor, tensor } from '../graph/tensor.js';

/** How weights are stored. They are computed with as float32 whichever it is. */
export const precisions = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof precisions)[number];

/** A model whose weights have lost digits that would be needed. */
export class PrecisionError extends UserError {
  override name = 'PrecisionError';
  constructor(wanted: Precision, received: Precision) {
    super(
      `Expected a model with fp32 weights, to store as ${wanted}. Received: one with ${received} weights. Hint: start from the model that was trained.`,
    );
  }
}

/** Tensors of fewer elements stay float32: biases and constants save nothing, and some need every digit. */
const leastElements = 1024;

/**
 * Stores the weights of a graph small.
 *
 * - `fp16`: the nearest halves, and a `Cast` to float32. A tensor with values beyond ±65504 stays as it is.
 * - `int8`: whole numbers from −127 to 127 and a float32 scale for each output channel, max |w| / 127, and
 *   `Cast` and `Mul`.
 *
 * ONNX Runtime does these once, when the session loads, in Node and in a page; it does not do so with
 * `DequantizeLinear`. So a model takes as long as before, and no operation has to know of small numbers.
 *
 * @throws PrecisionError when the weights have been made small in another way
 */
export function storeWeights(graph: Graph, precision: Precision): Graph {
  const received = precisionOf(graph);
  if (received === precision) return graph;
  if (precision === 'fp32' || received !== 'fp32') throw new PrecisionError(precision, received);
  const initializers = new Map<Value, Tensor>();
  const restoring: Node[] = [];
  const taken = namesOf(graph);
  const unique = (name: string): string => {
    let free = name;
    for (let i = 1; taken.has(free); i++) free = `${name}_${i}`;
    taken.add(free);
    return free;
  };
  /** Adds a node that makes `output`; without, a value of its own. */
  const op = (type: string, inputs: Value[], attributes: Node['attributes'], output?: Value): Value => {
    const name = unique(`${inputs[0]}/${type}`);
    restoring.push({ op: type, name, inputs, outputs: [output ?? name], attributes });
    return output ?? name;
  };
  const store = (name: string, data: Tensor): Value => {
    const free = unique(name);
    initializers.set(free, data);
    return free;
  };
  const isOutput = new Set(graph.outputs.map(({ name }) => name));

  for (const [name, weight] of graph.initializers) {
    const isLarge = weight.type === 'float32' && weight.data.length >= leastElements;
    const small =
      isLarge && !isOutput.has(name) && shrink(graph, name, weight as Tensor<'float32'>, precision);
    if (!small) {
      initializers.set(name, weight);
      continue;
    }
    const { values, scale } = small;
    const stored = store(`${name}/${values.type}`, values);
    if (!scale) op('Cast', [stored], { to: typeCodes.float32 }, name);
    else
      op('Mul', [op('Cast', [stored], { to: typeCodes.float32 }), store(`${name}/scale`, scale)], {}, name);
  }
  return { ...graph, initializers, nodes: [...restoring, ...graph.nodes] };
}

interface Small {
  readonly values: Tensor;
  /** Multiplied with the values, one for each channel. */
  readonly scale?: Tensor<'float32'>;
}

function shrink(
  graph: Graph,
  name: Value,
  weight: Tensor<'float32'>,
  precision: Exclude<Precision, 'fp32'>,
): Small | undefined {
  if (!weight.data.every(Number.isFinite)) return undefined;
  if (precision === 'int8') return toInt8(weight, channelAxis(graph, name, weight));
  const values = Uint16Array.from(weight.data, numberToHalf);
  const isInfinite = (bits: number) => (bits & 0x7fff) === 0x7c00;
  return values.some(isInfinite) ? undefined : { values: tensor('float16', values, weight.dims) };
}

/** The axis along which a weight's values belong to different outputs, by the first node that reads it. */
function channelAxis({ nodes }: Graph, name: Value, { dims }: Tensor): number {
  const reader = nodes.find(({ inputs }) => inputs.includes(name));
  if (reader?.op === 'Conv') return 0;
  if (reader?.op === 'Gemm' && intOf(reader, 'transB', 0) === 1) return 0;
  return dims.length - 1;
}

/**
 * @param axis of the channels
 * @returns values, of the shape of `weight`, and `scale`, which has 1 in place of every other axis
 */
export function toInt8({ data, dims }: Tensor<'float32'>, axis: number): Required<Small> {
  const channels = dims[axis] ?? 1;
  /** How far apart the elements of one channel's runs lie. */
  const run = dims.slice(axis + 1).reduce((size, dim) => size * dim, 1);
  const channelOf = (i: number) => Math.floor(i / run) % channels;
  const largest = new Float32Array(channels);
  for (const [i, w] of data.entries()) {
    const c = channelOf(i);
    largest[c] = Math.max(largest[c] ?? 0, Math.abs(w));
  }
  // A channel of nothing but zeros has any scale.
  const scale = largest.map((most) => most / 127 || 1);
  const values = Int8Array.from(data, (w, i) =>
    Math.max(-127, Math.min(127, Math.round(w / (scale[channelOf(i)] ?? 1)))),
  );
  return {
    values: tensor('int8', values, dims),
    scale: float32(
      scale,
      dims.map((_, i) => (i === axis ? channels : 1)),
    ),
  };
}

/** A graph whose small weights are float32 again, as ONNX Runtime makes them when it loads the model. */
export function restoreWeights(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter(({ op, inputs, outputs }) => {
    const [stored, scale] = inputs.map((input) => initializers.get(input));
    const [output] = outputs as [Value];
    if (op === 'Cast' && stored?.type === 'float16')
      initializers.set(output, float32(halvesToFloats(stored.data as Uint16Array), stored.dims));
    else if (op === 'Cast' && stored?.type === 'int8')
      initializers.set(output, float32(Float32Array.from(stored.data as Int8Array), stored.dims));
    else if (op === 'Mul' && stored?.type === 'float32' && scale?.type === 'float32')
      initializers.set(output, scaled(stored as Tensor<'float32'>, scale as Tensor<'float32'>));
    else return true;
    return false;
  });
  return { ...graph, nodes, initializers };
}

/** Values times the scale of their channel, which is 1 long along every other axis. */
function scaled({ data, dims }: Tensor<'float32'>, scale: Tensor<'float32'>): Tensor<'float32'> {
  const axis = scale.dims.findIndex((dim) => dim !== 1);
  const channels = dims[axis] ?? 1;
  const run = axis < 0 ? data.length : sizeOf(dims.slice(axis + 1));
  return float32(
    data.map((value, i) => value * (scale.data[Math.floor(i / run) % channels] ?? 1)),
    dims,
  );
}

/** How the large weights of a graph are stored. */
export function precisionOf({ initializers }: Graph): Precision {
  const large = [...initializers.values()].filter(({ data }) => data.length >= leastElements);
  if (large.some(({ type }) => type === 'int8')) return 'int8';
  return large.some(({ type }) => type === 'float16') ? 'fp16' : 'fp32';
}

function namesOf({ inputs, outputs, initializers, nodes }: Graph): Set<string> {
  const infos = [...inputs, ...outputs].map(({ name }) => name);
  return new Set([...infos, ...initializers.keys(), ...nodes.flatMap((n) => [n.name, ...n.outputs])]);
}
