import { decodeModel } from '../graph/onnx.js';
import { arrayTypes, type Tensor } from '../graph/tensor.js';
import type { Engine, Session } from './engine.js';
import { checkFeeds } from './feeds.js';
import { Plan } from './js/executor.js';
import { OpError } from './js/kernel.js';

/**
 * Runs graphs in plain TypeScript: the reference that ONNX Runtime is tested against, and what runs where no build of
 * ONNX Runtime exists. Slow, and it blocks while it runs.
 *
 * @example
 * const session = await jsEngine().load(await readFile('model.onnx'));
 */
export function jsEngine(): Engine {
  return {
    name: 'js',
    provider: 'js',
    load: async (model) => loadModel(model),
  };
}

/** @throws OpError when the model needs an operator set or an operation that this engine does not know. */
function loadModel(bytes: Uint8Array): Session {
  const { graph, opset } = decodeModel(bytes);
  if (opset < 13) throw new OpError(`Expected operator set 13 or later. Received: ${opset}.`);
  const plan = new Plan(graph);
  return {
    inputNames: graph.inputs.map(({ name }) => name),
    outputNames: graph.outputs.map(({ name }) => name),
    async run(feeds) {
      checkFeeds(graph.inputs, feeds);
      const outputs = plan.run(graph.inputs.map(({ name }) => feeds[name]!));
      // What kernels share with a feed, a weight or another output becomes the caller's own here.
      const taken = new Set(
        [...Object.values(feeds), ...graph.initializers.values()].map(({ data }) => data.buffer),
      );
      return Object.fromEntries(
        outputs.map((tensor, i) => {
          const own = taken.has(tensor.data.buffer) ? copy(tensor) : tensor;
          taken.add(own.data.buffer);
          return [graph.outputs[i]!.name, own];
        }),
      );
    },
    async release() {},
  };
}

const copy = ({ type, dims, data }: Tensor): Tensor =>
  ({ type, dims, data: new arrayTypes[type](data as never) }) as Tensor;
