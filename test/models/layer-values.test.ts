/** Layers and activations of given inputs, in both engines: the outputs are Keras's 3.15, of the same sines and cosines. */
import test from 'ava';
import { float32, sizeOf } from '../../src/graph/tensor.js';
import type { ActivationName } from '../../src/keras/activations.js';
import * as layers from '../../src/keras/layers/index.js';
import { Model } from '../../src/keras/models/index.js';
import { assertClose } from '../compare.js';

const values = (dims: readonly number[], value: (i: number) => number) =>
  float32(
    Float32Array.from({ length: sizeOf(dims) }, (_, i) => value(i)),
    dims,
  );
const sines = (shape: readonly number[]) => values([1, ...shape], (i) => Math.sin(i + 1));

/** The outputs of a layer, whose weights are cosines. */
async function outputsOf(layer: layers.Layer, xs: readonly ReturnType<typeof sines>[], engine: 'ort' | 'js') {
  const inputs = xs.map(({ dims }) => layers.Input({ shape: dims.slice(1) }));
  const output = layer.apply(inputs);
  layer.setWeights(layer.weights.map(({ shape }) => values(shape, Math.cos).data));
  const model = new Model({ inputs, outputs: output });
  model.compile({ engine });
  const { data, dims } = await model.predict(xs.length === 1 ? xs[0]! : xs, { verbose: 0 });
  await model.release();
  return { data, dims, shape: output.shape };
}

const x = float32([-3, -1.2, -0.7, -0.3, 0.1, 0.4, 0.8, 1.5, 4], [1, 9]);
const activations = {
  selu: [
    -1.6705687, -1.22857, -0.88505304, -0.45566735, 0.10507011, 0.42028043, 0.84056085, 1.5760515, 4.2028041,
  ],
  mish: [
    -0.14564748, -0.30883577, -0.26787022, -0.15113316, 0.063179426, 0.28903055, 0.6596998, 1.4033781,
    3.9974124,
  ],
  softplus: [
    0.048587356, 0.26328245, 0.40318602, 0.5543552, 0.74439669, 0.91301525, 1.1711006, 1.7014133, 4.0181499,
  ],
  softsign: [
    -0.75, -0.54545456, -0.41176468, -0.23076925, 0.090909094, 0.2857143, 0.44444448, 0.60000002, 0.80000001,
  ],
  exponential: [
    0.049787071, 0.30119419, 0.49658531, 0.7408182, 1.105171, 1.4918246, 2.2255409, 4.481689, 54.598148,
  ],
  celu: [-0.95021296, -0.69880581, -0.50341469, -0.25918177, 0.1, 0.40000001, 0.80000001, 1.5, 4.0],
  squareplus: [0.30277562, 0.56619036, 0.709481, 0.86118746, 1.0512491, 1.2198039, 1.4770329, 2.0, 4.2360678],
  log_sigmoid: [
    -3.0485871, -1.4632825, -1.103186, -0.85435522, -0.64439666, -0.51301527, -0.37110066, -0.20141326,
    -0.018149929,
  ],
  tanh_shrink: [
    -2.0049453, -0.36634535, -0.095632255, -0.008687377, 0.00033199787, 0.020051032, 0.1359632, 0.59485167,
    3.0006707,
  ],
  hard_shrink: [-3.0, -1.2, -0.69999999, 0.0, 0.0, 0.0, 0.80000001, 1.5, 4.0],
  soft_shrink: [-2.5, -0.70000005, -0.19999999, 0.0, 0.0, 0.0, 0.30000001, 1.0, 3.5],
  hard_tanh: [-1.0, -1.0, -0.69999999, -0.30000001, 0.1, 0.40000001, 0.80000001, 1.0, 1.0],
  sparse_plus: [0.0, 0.0, 0.022500003, 0.12249999, 0.30250001, 0.48999998, 0.80999994, 1.5, 4.0],
  sparse_sigmoid: [0.0, 0.0, 0.15000001, 0.34999999, 0.55000001, 0.69999999, 0.89999998, 1.0, 1.0],
} satisfies Partial<Record<ActivationName, number[]>>;

for (const [name, expected] of Object.entries(activations))
  for (const engine of ['ort', 'js'] as const)
    test(`${name} (${engine})`, async (t) => {
      const layer = new layers.Activation({ activation: name as ActivationName });
      const { data } = await outputsOf(layer, [x], engine);
      assertClose(t, data, expected, { label: name, relative: 2e-6, absolute: 1e-7 });
    });

const single: readonly (readonly [
  layer: layers.Layer,
  shape: readonly number[],
  expected: readonly number[],
])[] = [
  [new layers.GroupNormalization({ groups: 2 }), [4], [0.26862526, 0.93546486, -0.83126521, -0.0024465322]],
  [
    new layers.GroupNormalization({ groups: 2 }),
    [2, 4],
    [1.9076474, 1.0773337, -0.34264416, 0.53206515, -0.38308263, 0.26014975, -0.66798967, -2.0877879],
  ],
  [
    new layers.GroupNormalization({ groups: 2, epsilon: 0.1 }),
    [2, 2, 4],
    [
      1.8184201, 1.0310627, -0.50349349, -0.024751842, -0.56755614, 0.17990112, -0.78677863, -2.305913,
      1.2494202, -0.0095661283, 0.1231406, -0.31245679, 1.2600865, 1.0892837, -0.78310007, -0.63731539,
    ],
  ],
  [
    new layers.GroupNormalization({ groups: -1, center: false }),
    [2, 2, 2],
    [0.95722193, 0.49703342, -0.041413054, -0.69674152, -1.6099734, -0.3546896, 0.69416451, 0.5543977],
  ],
  [new layers.PReLU({}), [5], [0.84147096, 0.90929741, 0.14112, 0.74922878, 0.62679476]],
  [
    new layers.PReLU({ sharedAxes: [1, 2] }),
    [2, 2, 2],
    [0.84147096, 0.90929741, 0.14112, -0.40890211, -0.95892429, -0.15096882, 0.65698659, 0.98935825],
  ],
  [
    new layers.PReLU({}),
    [2, 2, 2],
    [0.84147096, 0.90929741, 0.14112, 0.74922878, 0.62679476, -0.079259612, 0.65698659, 0.98935825],
  ],
  [
    new layers.UpSampling2D({ size: [2, 1] }),
    [2, 2, 2],
    [
      0.84147096, 0.90929741, 0.14112, -0.7568025, 0.84147096, 0.90929741, 0.14112, -0.7568025, -0.95892429,
      -0.27941549, 0.65698659, 0.98935825, -0.95892429, -0.27941549, 0.65698659, 0.98935825,
    ],
  ],
  [
    new layers.UpSampling2D({ interpolation: 'bilinear' }),
    [2, 3, 1],
    [
      0.84147096, 0.85842758, 0.89234078, 0.71725309, 0.33316439, 0.14112, 0.44190258, 0.44198745, 0.44215712,
      0.34067804, 0.13755013, 0.035986125, -0.35723424, -0.3908928, -0.45821023, -0.41247213, -0.25367838,
      -0.17428161, -0.7568025, -0.80733293, -0.90839386, -0.78904712, -0.44929266, -0.27941549,
    ],
  ],
  [
    new layers.UpSampling2D({ size: [3, 1], interpolation: 'bilinear' }),
    [2, 1, 2],
    [
      0.84147096, 0.90929741, 0.84147096, 0.90929741, 0.6080206, 0.35393071, 0.37457028, -0.20143598, 0.14112,
      -0.7568025, 0.14112, -0.7568025,
    ],
  ],
  [
    new layers.Permute({ dims: [2, 1] }),
    [2, 3],
    [0.84147096, -0.7568025, 0.90929741, -0.95892429, 0.14112, -0.27941549],
  ],
  [
    new layers.Permute({ dims: [3, 1, 2] }),
    [2, 2, 3],
    [
      0.84147096, -0.7568025, 0.65698659, -0.54402113, 0.90929741, -0.95892429, 0.98935825, -0.99999022,
      0.14112, -0.27941549, 0.41211849, -0.53657293,
    ],
  ],
];

for (const [layer, shape, expected] of single)
  for (const engine of ['ort', 'js'] as const)
    test(`${layer.name} of (N,${shape}) (${engine})`, async (t) => {
      const { data, dims, shape: declared } = await outputsOf(layer, [sines(shape)], engine);
      assertClose(t, data, expected, { label: layer.name, relative: 1e-5, absolute: 1e-6 });
      t.deepEqual(dims.slice(1), declared.slice(1));
    });

const a = sines([2, 3]);
const b = float32(
  [2, 1, 0].map((i) => Math.sin(i + 1) / 2),
  [1, 1, 3],
);
const c = float32([-Math.sin(1), -Math.sin(2)], [1, 2, 1]);
const merging: readonly (readonly [layer: layers.Layer, expected: readonly number[]])[] = [
  [new layers.Average(), [0.023519993, 0.17415838, -0.093205154, -0.53184664, -0.47119102, -0.25599247]],
  [new layers.Maximum(), [0.84147096, 0.90929741, 0.42073548, 0.070560001, 0.4546487, 0.42073548]],
  [new layers.Minimum(), [-0.84147096, -0.84147096, -0.84147096, -0.90929741, -0.95892429, -0.90929741]],
  [new layers.Subtract(), [0.77091098, 0.4546487, -0.27961546, -0.82736248, -1.413573, -0.70015097]],
];

for (const [layer, expected] of merging)
  for (const engine of ['ort', 'js'] as const)
    test(`${layer.name} of several shapes (${engine})`, async (t) => {
      const { data } = await outputsOf(layer, layer instanceof layers.Subtract ? [a, b] : [a, b, c], engine);
      assertClose(t, data, expected, { label: layer.name, relative: 1e-6, absolute: 1e-7 });
    });

test('SpatialDropout2D drops whole channels, and GaussianNoise has the deviation asked for', async (t) => {
  const ones = values([8, 4, 4, 16], () => 1);
  const trained = async (layer: layers.Layer) => {
    const input = layers.Input({ shape: [4, 4, 16] });
    const noisy = layer.apply(input);
    // A bias takes in the sum of what flows back, the output; so the noise is read from the loss instead.
    const scaled = new layers.Rescaling({ scale: 1 }).apply(noisy);
    const dense = new layers.Dense({ units: 16, useBias: false });
    const model = new Model({ inputs: input, outputs: dense.apply(scaled) });
    dense.setWeights([values([16, 16], (i) => Number(i % 17 === 0)).data]);
    model.compile({ loss: 'mse', optimizer: 'sgd', engine: 'js' });
    const { loss } = await model.trainOnBatch(
      ones,
      values([8, 4, 4, 16], () => 1),
    );
    await model.release();
    return loss!;
  };
  // E (x − 1)² of noise is its variance; of dropout with rate ½, where values are 0 or 2, it is 1, of every channel alike.
  const deviation = Math.sqrt(await trained(new layers.GaussianNoise({ stddev: 0.5 })));
  t.true(Math.abs(deviation - 0.5) < 0.03, `deviation ${deviation}`);
  t.is(await trained(new layers.SpatialDropout2D({ rate: 0.5 })), 1);
});

test("what layers cannot be is refused in Keras's words", (t) => {
  const { Input } = layers;
  for (const [make, message] of [
    [
      () => new layers.GroupNormalization({ groups: 5 }).apply(Input({ shape: [4, 4, 6] })),
      'Number of groups (5) must be a multiple of the number of channels (6).',
    ],
    [
      () => new layers.GroupNormalization({ groups: 8 }).apply(Input({ shape: [4, 4, 6] })),
      'Number of groups (8) cannot be more than the number of channels (6).',
    ],
    [
      () => new layers.Subtract().apply([0, 1, 2].map(() => Input({ shape: [2] }))),
      'A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape=[(None, 2), (None, 2), (None, 2)]',
    ],
    [
      () => new layers.Permute({ dims: [1, 3] }),
      'Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be consecutive and start from 1. Received dims=[1, 3]',
    ],
    [
      () => new layers.UpSampling2D({ interpolation: 'bicubic' as never }),
      "Expected `interpolation` 'nearest' or 'bilinear'. Received: interpolation=bicubic.",
    ],
    [
      () => new layers.UpSampling2D({ name: 'up' }).apply(Input({ shape: [4, 6] })),
      "Input 0 with name 'None' of layer 'up' is incompatible with the layer: expected ndim=4, found ndim=3. Full shape received: (None, 4, 6)",
    ],
    [
      () => new layers.SpatialDropout2D({ rate: 2 }),
      'Invalid value received for argument `rate`. Expected a float value between 0 and 1. Received: rate=2',
    ],
    [
      () => new layers.GaussianNoise({ stddev: -1 }),
      'Invalid value received for argument `stddev`. Expected a float value between 0 and 1. Received: stddev=-1',
    ],
  ] as const)
    t.throws(make, { name: 'ValueError', message });
});
