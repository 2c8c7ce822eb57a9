/**
 * Keras's guide "Transfer learning & fine-tuning", line by line, on random pictures and a narrow MobileNet.
 *
 * Source: https://keras.io/guides/transfer_learning/.
 */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet } from '../../src/keras/applications/index.js';
import {
  BatchNormalization,
  Dense,
  Dropout,
  GlobalAveragePooling2D,
  Input,
  type Layer,
  Rescaling,
} from '../../src/keras/layers/index.js';
import { BinaryCrossentropy } from '../../src/keras/losses/index.js';
import { BinaryAccuracy } from '../../src/keras/metrics/index.js';
import { Model, Sequential } from '../../src/keras/models/index.js';
import { splitFrozen } from '../../src/keras/models/plan.js';
import { Adam } from '../../src/keras/optimizers/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { seedWeights } from '../applications/seeded.js';

const counts = (layer: Layer) => [
  layer.weights.length,
  layer.trainableWeights.length,
  layer.nonTrainableWeights.length,
];

/** Random pictures, those of class 1 lighter. */
function pictures(count: number, size: number, levels: number) {
  const random = new RandomState(3);
  const labels = Array.from({ length: count }, (_, i) => i % 2);
  const data = Float32Array.from(
    labels.flatMap((label) =>
      Array.from(random.uniform(0, 1, size * size * 3), (level) => (0.6 * level + 0.4 * label) * levels),
    ),
  );
  return { x: float32(data, [count, size, size, 3]), y: float32(labels, [count, 1]) };
}

test.serial('freezing layers: understanding the trainable attribute', async (t) => {
  const dense = new Dense({ units: 3 });
  dense.build([[null, 4]]);
  t.deepEqual(counts(dense), [2, 2, 0]);

  const norm = new BatchNormalization();
  norm.build([[null, 4]]);
  t.deepEqual(counts(norm), [4, 2, 2]);

  const frozen = new Dense({ units: 3 });
  frozen.build([[null, 4]]);
  frozen.trainable = false;
  t.deepEqual(counts(frozen), [2, 0, 2]);

  // Make a model with 2 layers, freeze the first, and fit: its weights have not changed.
  setRandomSeed(1);
  const layer1 = new Dense({ units: 3, activation: 'relu' });
  const layer2 = new Dense({ units: 3, activation: 'sigmoid' });
  const model = new Sequential([Input({ shape: [3] }), layer1, layer2]);
  layer1.trainable = false;
  const before = [layer1, layer2].map((layer) => layer.getWeights());
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const random = new RandomState(1);
  const rows = () => float32(Float32Array.from(random.uniform(0, 1, 6)), [2, 3]);
  await model.fit(rows(), rows(), { verbose: 0 });
  t.deepEqual(layer1.getWeights(), before[0]);
  t.notDeepEqual(layer2.getWeights(), before[1]);
  await model.release();
});

test('recursive setting of the trainable attribute', (t) => {
  const inner = new Sequential([
    Input({ shape: [3] }),
    new Dense({ units: 3, activation: 'relu' }),
    new Dense({ units: 3, activation: 'relu' }),
  ]);
  const model = new Sequential([
    Input({ shape: [3] }),
    inner,
    new Dense({ units: 3, activation: 'sigmoid' }),
  ]);
  model.trainable = false; // Freeze the outer model
  t.false(inner.trainable); // All layers in `model` are now frozen
  t.true(inner.layers.every((layer) => !layer.trainable)); // `trainable` is propagated recursively
});

test.serial('the typical transfer-learning workflow, and fine-tuning', async (t) => {
  setRandomSeed(2);
  const size = 64;
  const { x: photos, y: labels } = pictures(24, size, 255);
  const baseModel = await MobileNet({
    weights: null, // In the guide, weights pre-trained on ImageNet.
    inputShape: [size, size, 3],
    includeTop: false,
    alpha: 0.25,
  });

  seedWeights(baseModel); // They stand for those.

  // Freeze the base model.
  baseModel.trainable = false;

  // Create a new model on top.
  const inputs = Input({ shape: [size, size, 3] });
  // Pre-trained weights require that input be scaled from (0, 255) to a range of (-1., +1.).
  const scaleLayer = new Rescaling({ scale: 1 / 127.5, offset: -1 });
  let x = scaleLayer.apply(inputs);
  // The base model contains BatchNormalization layers. Keep them in inference mode when fine-tuning.
  x = baseModel.apply(x, { training: false });
  x = new GlobalAveragePooling2D().apply(x);
  x = new Dropout({ rate: 0.2 }).apply(x);
  const outputs = new Dense({ units: 1 }).apply(x);
  const model = new Model({ inputs, outputs });

  // Train the top layer.
  const compiled = {
    loss: new BinaryCrossentropy({ fromLogits: true }),
    metrics: [new BinaryAccuracy()],
  };
  model.compile({ optimizer: new Adam(), ...compiled });
  const base = baseModel.getWeights();
  const data = { epochs: 2, batchSize: 8, verbose: 0, validationSplit: 0.25 } as const;
  await model.fit(photos, labels, data);
  t.deepEqual(baseModel.getWeights(), base);
  t.is(model.trainableWeights.length, 2);

  // Fine-tune: unfreeze the base model, and recompile with a very low learning rate.
  baseModel.trainable = true;
  for (const layer of baseModel.layers) if (layer instanceof BatchNormalization) layer.trainable = false;
  model.compile({ optimizer: new Adam({ learningRate: 1e-5 }), ...compiled });
  const before = await model.evaluate(photos, labels, { verbose: 0 });
  const { history } = await model.fit(photos, labels, { ...data, epochs: 4 });
  t.deepEqual(Object.keys(history).toSorted(), [
    'binary_accuracy',
    'loss',
    'val_binary_accuracy',
    'val_loss',
  ]);
  const after = await model.evaluate(photos, labels, { verbose: 0 });
  t.true((after.loss as number) < (before.loss as number), `${before.loss} → ${after.loss}`);
  for (const [k, { name, value, trainable }] of baseModel.weights.entries()) {
    const isNorm = /gamma|beta|moving/.test(name);
    t.is(
      value.every((weight, i) => weight === base[k]![i]),
      isNorm,
      `${name} ${k}, ${trainable}`,
    );
  }
  await model.release();
});

test.serial(
  'the last layers of a base are fine-tuned, each BatchNormalization with its batches',
  async (t) => {
    setRandomSeed(2);
    const { x: photos, y: labels } = pictures(12, 64, 1);
    const base = await MobileNet({ weights: null, inputShape: [64, 64, 3], includeTop: false, alpha: 0.25 });
    seedWeights(base);
    base.trainable = true;
    for (const layer of base.layers.slice(0, -6)) layer.trainable = false;
    const x = new GlobalAveragePooling2D().apply(base.output);
    const model = new Model({
      inputs: base.input,
      outputs: new Dense({ units: 1, activation: 'sigmoid' }).apply(x),
    });
    model.compile({ optimizer: new Adam({ learningRate: 1e-4 }), loss: 'binary_crossentropy' });
    const before = base.layers.map((layer) => layer.getWeights());
    await model.fit(photos, labels, { batchSize: 4, epochs: 1, verbose: 0 });
    for (const [i, layer] of base.layers.entries()) {
      const isTuned = i >= base.layers.length - 6;
      for (const [k, weight] of layer.getWeights().entries())
        t.is(
          weight.some((value, at) => value !== before[i]![k]![at]),
          isTuned,
          `${layer.name} ${k}`,
        );
    }
    await model.release();
  },
);

test.serial(
  'a base that is called is cut where its frozen layers end, as one whose layers are gone on from',
  async (t) => {
    const { x: photos, y: labels } = pictures(12, 64, 1);
    const tune = async (isNested: boolean) => {
      setRandomSeed(2);
      const base = await MobileNet({
        weights: null,
        inputShape: [64, 64, 3],
        includeTop: false,
        alpha: 0.25,
      });
      seedWeights(base);
      base.trainable = true;
      for (const layer of base.layers.slice(0, -6)) layer.trainable = false;
      const inputs = isNested ? Input({ shape: [64, 64, 3] }) : base.inputs[0]!;
      const x = new GlobalAveragePooling2D().apply(isNested ? base.apply(inputs) : base.output);
      const outputs = new Dense({ units: 1, activation: 'sigmoid' }).apply(x);
      const model = new Model({ inputs, outputs });
      const { frozen, rest } = splitFrozen(model);
      t.deepEqual(
        frozen?.map(({ outputShape }) => outputShape),
        [[null, 2, 2, 256]],
      );
      t.is(rest.trainableWeights.length, model.trainableWeights.length);
      model.compile({ optimizer: new Adam({ learningRate: 1e-3 }), loss: 'binary_crossentropy' });
      const { history } = await model.fit(photos, labels, {
        batchSize: 4,
        epochs: 3,
        shuffle: false,
        verbose: 0,
      });
      const results = { loss: history.loss, weights: model.getWeights() };
      await model.release();
      return results;
    };
    t.deepEqual(await tune(true), await tune(false));
  },
);
