import test from 'ava';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import { BatchNormalization, Dense, GlobalAveragePooling2D } from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { clearSession } from '../../src/keras/naming.js';
import { type Optimizer, RMSprop, SGD } from '../../src/keras/optimizers/index.js';
import { assertClose } from '../compare.js';
import { type Packed, unpack } from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('fine_tune.py');

interface Case {
  readonly seed: number;
  readonly input: [number, number, number];
  /** Blocks at the end of MobileNet that train. */
  readonly blocks: number;
  /** Whether BatchNormalization trains along, with each batch's own statistics, or is frozen. */
  readonly normalisation: 'trained' | 'frozen';
  readonly batch: number;
  readonly steps: number;
}

interface Answer {
  readonly x: Packed;
  readonly y: Packed;
  readonly initial: readonly Packed[];
  /** Of the first batch, in double precision. */
  readonly gradients: readonly Packed[];
  /** How far Keras's own, in single precision, are from these, in shares of their lengths. */
  readonly errors: readonly number[];
  readonly losses: readonly number[];
  /** The same steps in double precision. */
  readonly double_losses: readonly number[];
  /** The weights after them, in double precision. */
  readonly final: readonly Packed[];
  /** How far Keras's own, in single precision, are from these. */
  readonly final_errors: readonly number[];
}

async function build({ input, blocks, normalisation }: Case, { initial }: Answer, optimizer: Optimizer) {
  clearSession();
  const base = await MobileNet({ alpha: 0.25, weights: null, includeTop: false, inputShape: input });
  const x = new GlobalAveragePooling2D().apply(base.output);
  const outputs = new Dense({ units: 3, activation: 'softmax' }).apply(x);
  const model = new Model({ inputs: base.input, outputs });
  model.setWeights(initial.map((weight) => unpack(weight).data));
  base.trainable = true;
  const first = base.layers.findIndex(({ name }) => name.endsWith(`_${14 - blocks}`));
  for (const [i, layer] of base.layers.entries())
    layer.trainable = i >= first && (normalisation === 'trained' || !(layer instanceof BatchNormalization));
  model.compile({ optimizer, loss: 'categorical_crossentropy' });
  return model;
}

const rowsOf = ({ data, dims: [count = 1, ...dims] }: Tensor<'float32'>, from: number, rows: number) => {
  const size = data.length / count;
  return float32(data.slice(from * size, (from + rows) * size), [rows, ...dims]);
};

/** The relative difference. */
const off = (value: number, expected: number) => Math.abs(value - expected) / expected;

const length = (values: Float32Array) => Math.hypot(...Array.from(values, Number));

for (const [blocks, normalisation] of [
  [1, 'frozen'],
  [1, 'trained'],
  [3, 'frozen'],
  [3, 'trained'],
  [6, 'frozen'],
  [6, 'trained'],
] as const) {
  const given: Case = { seed: 10 + blocks, input: [64, 64, 3], blocks, normalisation, batch: 8, steps: 50 };
  const title = `the last ${blocks} blocks of MobileNet, BatchNormalization ${normalisation}`;

  test.serial(
    `${title}: gradients are as near to double precision as Keras's, and so are 50 steps`,
    async (t) => {
      const answer = await askKeras<Answer>(given);
      const [x, y] = [unpack(answer.x), unpack(answer.y)];

      // A step this long is all gradient: nothing is lost in the weight that it is added to.
      const rate = 2 ** 12;
      const once = await build(given, answer, new SGD({ learningRate: rate }));
      const { trainableWeights } = once;
      const before = trainableWeights.map(({ value }) => value.slice());
      await once.trainOnBatch(rowsOf(x, 0, given.batch), rowsOf(y, 0, given.batch));
      t.is(trainableWeights.length, answer.gradients.length);
      for (const [k, { name, value }] of trainableWeights.entries()) {
        const expected = unpack(answer.gradients[k]!).data;
        const error =
          length(value.map((after, i) => (before[k]![i]! - after) / rate - expected[i]!)) / length(expected);
        const limit = Math.max(1e-5, 3 * answer.errors[k]!);
        t.true(error <= limit, `${name} ${k}: ${error} of its length off, Keras ${answer.errors[k]}`);
      }
      await once.release();

      const model = await build(given, answer, new RMSprop({ learningRate: 1e-5 }));
      const losses: number[] = [];
      for (let step = 0; step < given.steps; step++) {
        const start = (step * given.batch) % (4 * given.batch);
        const logs = await model.trainOnBatch(rowsOf(x, start, given.batch), rowsOf(y, start, given.batch));
        losses.push(logs.loss!);
      }
      // Behind many layers, rounding carries values over the kinks of ReLU, in Keras as here.
      const keras = Math.max(...answer.losses.map((loss, step) => off(loss, answer.double_losses[step]!)));
      assertClose(t, losses, answer.double_losses, { label: 'loss', relative: Math.max(1e-4, 2 * keras) });
      // RMSprop takes a whole step along a gradient that is all rounding, so weights are compared as a whole.
      for (const [k, { name, value }] of model.weights.entries()) {
        const [from, to] = [unpack(answer.initial[k]!).data, unpack(answer.final[k]!).data];
        const error = length(value.map((weight, i) => weight - to[i]!));
        const change = length(to.map((weight, i) => weight - from[i]!));
        t.true(
          error <= Math.max(0.02 * change + 1e-6 * length(to), 2 * answer.final_errors[k]!),
          `${name} ${k}: ${error} off after a way of ${change}, Keras ${answer.final_errors[k]}`,
        );
      }
      await model.release();
    },
  );
}
