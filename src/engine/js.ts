import { decodeModel } from '../graph/onnx.js';
import { arrayTypes, type Tensor } from '../graph/tensor.js';
import type { Engine, Session } from './engine.js';
import { feedsInOrder } from './feeds.js';
import { Plan } from './js/executor.js';
import { OpError } from './js/kernel.js';

/**
 * Runs graphs in plain TypeScript: the reference that ONNX Runtime is tested against, and the way where no build of
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
      const outputs = plan.run(feedsInOrder(graph.inputs, feeds));
      // Kernels may return memory of a feed, a weight or another output. The caller gets a copy of that.
      const taken = new Set(
        [...Object.values(feeds), ...graph.initializers.values()].map(({ data }) => data.buffer),
      );
      return Object.fromEntries(
        graph.outputs.flatMap(({ name }, i) => {
          const tensor = outputs[i];
          if (!tensor) return [];
          const own = taken.has(tensor.data.buffer) ? copy(tensor) : tensor;
          taken.add(own.data.buffer);
          return [[name, own]];
        }),
      );
    },
    async release() {},
  };
}

const copy = ({ type, dims, data }: Tensor): Tensor =>
  ({ type, dims, data: new arrayTypes[type](data as never) }) as Tensor;
