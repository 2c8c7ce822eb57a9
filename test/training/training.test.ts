import test from 'ava';
import type { Context, Forward } from '../../src/graph/differentiable.js';
import type { Value } from '../../src/graph/graph.js';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Dropout } from '../../src/keras/layers/dropout.js';
import { Input } from '../../src/keras/layers/input.js';
import { Layer, type PerInput } from '../../src/keras/layers/layer.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RMSprop, SGD } from '../../src/keras/optimizers/index.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';
import { buildModel, type Case, compileCase, type LayerSpec, type Spec } from './case.js';

const random = new RandomState(11);
const normal = (...dims: number[]): Tensor<'float32'> =>
  float32(
    Float32Array.from(
      random.normal(
        0,
        1,
        dims.reduce((a, b) => a * b),
      ),
    ),
    dims,
  );

const optimizers: Spec[] = [
  ['SGD', { learning_rate: 0.05, momentum: 0.9, nesterov: true, clipnorm: 0.5 }],
  ['RMSprop', { centered: true, momentum: 0.5, epsilon: 1e-3 }],
  ['Adam', { amsgrad: true, global_clipnorm: 1, epsilon: 1e-5 }],
  ['AdamW', { weight_decay: 0.05, clipvalue: 0.1, epsilon: 1e-5 }],
];
const flat: LayerSpec[] = [
  ['Dense', { units: 10, activation: 'gelu', kernel_regularizer: ['L2', { l2: 0.01 }] }],
  ['BatchNormalization', {}],
  ['Concatenate', {}, [[['LeakyReLU', {}]], [['Dense', { units: 5, activation: 'elu' }]]]],
  ['Add', {}, [[['ReLU', { max_value: 2, negative_slope: 0.1 }]], [['Dropout', { rate: 0.3 }]]]],
  ['Dense', { units: 3, activation: 'linear' }],
  ['Softmax', {}],
];
const pictures: LayerSpec[] = [
  ['Dense', { units: 4, activation: 'tanh' }],
  [
    'Concatenate',
    {},
    [
      [['GlobalMaxPooling2D', {}]],
      [['GlobalAveragePooling2D', {}]],
      [['Reshape', { target_shape: [-1] }]],
      [['Flatten', {}]],
    ],
  ],
  ['Activation', { activation: 'sigmoid' }],
  ['Dense', { units: 3, activation: 'softmax' }],
];

for (const [title, input, layers] of [
  ['flat data', [6], flat],
  ['pictures', [3, 4, 2], pictures],
] as const)
  for (const optimizer of optimizers)
    test(`50 steps of ${optimizer[0]} on ${title} are the same on both engines`, async (t) => {
      const given: Case = {
        ...{ name: title, seed: 1, input, layers, optimizer, targets: 'one_hot', samples: 40, batch: 16 },
        loss: ['CategoricalCrossentropy', { label_smoothing: 0.1 }],
        metrics: [
          'accuracy',
          'AUC',
          ['TopKCategoricalAccuracy', { k: 2 }],
          ['Precision', { top_k: 1 }],
          'recall',
        ],
      };
      const x = normal(40, ...input);
      const y = Array.from(
        { length: 40 },
        () =>
          [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ][random.randint(3)]!,
      );
      const initial = buildModel(given).weights.map(({ name, value, shape }) => {
        const data = Float32Array.from(random.normal(0, 0.4, value.length));
        if (name.includes('variance')) for (const [i, v] of data.entries()) data[i] = 1 + Math.abs(v);
        return { dims: shape, data: Buffer.from(data.buffer).toString('base64') };
      });
      // 3 steps an epoch, the last batch being smaller; 51 steps in all.
      const runs = [];
      for (const engine of ['ort', 'js'] as const) {
        const model = compileCase(given, { initial }, engine);
        const { history } = await model.fit(x, y, {
          batchSize: 16,
          epochs: 17,
          verbose: 0,
          validationData: [x, y],
          random: new RandomState(5),
        });
        runs.push({ history, weights: model.weights.map(({ value }) => value) });
        await model.release();
      }
      const [a, b] = runs;
      for (const [name, values] of Object.entries(a!.history))
        assertClose(t, b!.history[name]!, values, { label: name });
      // Weights and their changes may cancel; they are about 1.
      for (const [i, weight] of a!.weights.entries())
        assertClose(t, b!.weights[i]!, weight, { label: `weight ${i}`, absolute: 1e-5 });
    });

test('moving averages move in nested models, too', async (t) => {
  const train = async (nested: boolean) => {
    const inner = [
      new Dense({ units: 4, kernelInitializer: 'ones' }),
      new BatchNormalization({ momentum: 0.5 }),
    ];
    const last = new Dense({ units: 2, activation: 'softmax', kernelInitializer: 'zeros' });
    const input = Input({ shape: [3] });
    const model = new Sequential(
      nested ? [input, new Sequential([Input({ shape: [3] }), ...inner]), last] : [input, ...inner, last],
    );
    model.compile({
      optimizer: new SGD({ learningRate: 0.1 }),
      loss: 'sparse_categorical_crossentropy',
      engine: 'js',
    });
    await model.fit(float32([1, 2, 3, 4, 5, 6, 0, 1, 0, 2, 2, 1], [4, 3]), [0, 1, 0, 1], {
      ...{ epochs: 3, batchSize: 4, shuffle: false, verbose: 0 },
    });
    return model.weights.map(({ value }) => [...value]);
  };
  const nested = await train(true);
  t.deepEqual(nested, await train(false));
  t.not(nested[4]![0], 0);
});

test.serial(
  'dropout leaves its share, scales what is left, and repeats itself for the same seed',
  async (t) => {
    const noisy = async (seed: number) => {
      setRandomSeed(seed);
      const x = Input({ shape: [1000] });
      const model = new Model({
        inputs: x,
        outputs: new Dropout({ rate: 0.3 }).apply(new Dense({ units: 1000 }).apply(x)),
      });
      const eye = Float32Array.from({ length: 1e6 }, (_, i) => (i % 1001 === 0 ? 1 : 0));
      model.setWeights([eye, new Float32Array(1000)]);
      // The gradient at the bias is 2·(y − 0)/1000 averaged over samples, y being 1 / (1 − 0.3) where it is kept.
      model.compile({ optimizer: new SGD({ learningRate: 1 }), loss: 'mse' });
      const samples = 4;
      const ones = float32(new Float32Array(samples * 1000).fill(1), [samples, 1000]);
      await model.trainOnBatch(ones, float32(new Float32Array(samples * 1000), [samples, 1000]));
      const kept = Array.from(model.weights[1]!.value, (bias) => (-bias * 1000 * samples * 0.7 * 0.7) / 2);
      await model.release();
      return kept;
    };
    const kept = await noisy(1);
    for (const count of kept) t.true(Math.abs(count - Math.round(count)) < 1e-3, `${count}`);
    const share = kept.reduce((a, b) => a + b) / 4000;
    // Four standard deviations of the mean of 4,000 draws.
    t.true(Math.abs(share - 0.7) < 4 * Math.sqrt((0.3 * 0.7) / 4000), `${share}`);
    t.deepEqual(await noisy(1), kept);
    t.notDeepEqual(await noisy(2), kept);
  },
);

test('dropout lets everything through where a model predicts and evaluates', async (t) => {
  const x = Input({ shape: [5] });
  const model = new Model({ inputs: x, outputs: new Dropout({ rate: 0.9 }).apply(x) });
  model.compile({ loss: 'mse', engine: 'js' });
  const data = normal(6, 5);
  assertClose(t, (await model.predict(data)).data, data.data, { label: 'prediction', relative: 0 });
  t.is((await model.evaluate(data, data, { verbose: 0 })).loss, 0);
});

test('averages that fall below the smallest normal number become 0', async (t) => {
  const smallest = 2 ** -126;
  for (const engine of ['ort', 'js'] as const) {
    const optimizer = new RMSprop({ rho: 0.5, learningRate: 0.1 });
    const model = new Sequential([Input({ shape: [1] }), new Dense({ units: 3, useBias: false })]);
    model.compile({ optimizer, loss: 'mse', engine });
    const [kernel] = model.weights;
    optimizer.setSlot(kernel!, 'velocity', Float32Array.of(smallest, 2 * smallest, 1));
    // Without an input, there is no gradient: the averages are halved.
    await model.trainOnBatch(float32([0], [1, 1]), float32([1, 1, 1], [1, 3]));
    t.deepEqual([...optimizer.slot(kernel!, 'velocity')], [0, smallest, 0.5], engine);
    await model.release();
  }
});

/** A layer that only predicts. */
class Doubled extends Layer {
  static override readonly className = 'Doubled';

  override forward({ g }: Context, [x]: PerInput<Value>): Forward {
    return { output: g.op('Add', [x, x]) };
  }
}

test('training what only predicts is refused', async (t) => {
  const x = Input({ shape: [4] });
  const first = new Dense({ units: 3 });
  const doubled = new Doubled({ name: 'doubled' }).apply(first.apply(x));
  const model = new Model({
    inputs: x,
    outputs: new Dense({ units: 2, activation: 'softmax' }).apply(doubled),
  });
  model.compile({ loss: 'sparse_categorical_crossentropy', engine: 'js' });
  const data = [normal(2, 4), [0, 1]] as const;
  await t.throwsAsync(model.fit(...data, { verbose: 0 }), {
    name: 'ValueError',
    message:
      "The layer 'doubled' (Doubled) has no backward pass here. Hint: freeze it, and every layer before it, with `layer.trainable = false`.",
  });
  first.trainable = false;
  model.compile({ loss: 'sparse_categorical_crossentropy', engine: 'js' });
  await t.notThrowsAsync(model.fit(...data, { verbose: 0 }));
});

test('a metric that counts outputs wants targets of their shape', (t) => {
  const x = Input({ shape: [4] });
  const model = new Model({ inputs: x, outputs: new Dense({ units: 3, activation: 'softmax' }).apply(x) });
  t.throws(() => model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['AUC'] }), {
    name: 'ValueError',
    message:
      "Expected targets of shape (N, 3) for metric 'AUC'. Received: (N, 1) with loss 'sparse_categorical_crossentropy'. Hint: make one-hot rows of class indices with toCategorical, and use categorical_crossentropy.",
  });
});

for (const activation of ['relu', 'relu6'] as const)
  test(`a loss that is not a number shows in the weights behind ${activation}, as in Keras`, async (t) => {
    const layer = new Dense({ units: 2, activation, kernelInitializer: 'zeros' });
    const model = new Sequential([Input({ shape: [2] }), layer]);
    model.compile({ loss: 'categorical_crossentropy', optimizer: 'sgd', engine: 'js' });
    const { history } = await model.fit([[1, 2]], [[1, 0]], { verbose: 0 });
    t.deepEqual(history.loss, [Number.NaN]);
    const weights = layer.getWeights().map((weight) => [...weight]);
    t.deepEqual(weights, [new Array(4).fill(Number.NaN), new Array(2).fill(Number.NaN)]);
  });
