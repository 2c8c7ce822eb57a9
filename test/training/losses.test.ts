/** Losses of given outputs, in every reduction, with and without weights: the values are Keras's 3.15. */
import test from 'ava';
import { float32, type Tensor } from '../../src/graph/tensor.js';
import { Activation } from '../../src/keras/layers/activation.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import * as losses from '../../src/keras/losses/index.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { decodeKerasModel, encodeKerasModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';
import { make, type Spec } from './case.js';

const numbers = (value: (i: number) => number) =>
  float32(
    Float32Array.from({ length: 12 }, (_, i) => value(i)),
    [4, 3],
  );
const outputs = numbers((i) => Math.abs(Math.sin(i + 1)));
const targets = {
  reals: numbers(Math.cos),
  positive: numbers((i) => Math.abs(Math.cos(i))),
  bits: numbers((i) => Number(Math.cos(i) > 0)),
  one_hot: float32([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0], [4, 3]),
};
const weights = float32([0.5, 2, 1, 0.25]);
const reductions = ['sum_over_batch_size', 'sum', 'mean_with_sample_weight'] as const;

/** Of each reduction, without weights and with them. */
type Values = readonly [number, number, number, number, number, number];

const cases: readonly (readonly [...Spec, target: keyof typeof targets, values: Values])[] = [
  [
    'MeanSquaredError',
    {},
    'reals',
    [
      1.0303844213485718, 1.1202738285064697, 4.121537685394287, 4.481095314025879, 1.0303844213485718,
      1.1949588060379028,
    ],
  ],
  [
    'MeanAbsoluteError',
    {},
    'reals',
    [
      0.7809182405471802, 0.776871919631958, 3.1236729621887207, 3.107487678527832, 0.7809182405471802,
      0.8286634087562561,
    ],
  ],
  [
    'MeanAbsolutePercentageError',
    {},
    'reals',
    [
      1124.305908203125, 375.4251708984375, 4497.2236328125, 1501.70068359375, 1124.305908203125,
      400.4535217285156,
    ],
  ],
  [
    'MeanSquaredLogarithmicError',
    {},
    'positive',
    [
      0.038748156279325485, 0.023706894367933273, 0.15499262511730194, 0.0948275774717331,
      0.038748156279325485, 0.025287354364991188,
    ],
  ],
  [
    'Huber',
    { delta: 0.5 },
    'reals',
    [
      0.2858031392097473, 0.2990461587905884, 1.1432125568389893, 1.1961846351623535, 0.2858031392097473,
      0.3189825713634491,
    ],
  ],
  [
    'LogCosh',
    {},
    'reals',
    [
      0.3842485547065735, 0.4123791456222534, 1.536994218826294, 1.6495165824890137, 0.3842485547065735,
      0.4398711025714874,
    ],
  ],
  [
    'Poisson',
    {},
    'positive',
    [
      0.9023106098175049, 0.8369961977005005, 3.6092424392700195, 3.347984790802002, 0.9023106098175049,
      0.8927959203720093,
    ],
  ],
  [
    'Hinge',
    {},
    'bits',
    [
      0.9666562080383301, 1.0279525518417358, 3.8666248321533203, 4.111810207366943, 0.9666562080383301,
      1.096482753753662,
    ],
  ],
  [
    'Hinge',
    {},
    'reals',
    [
      1.0031960010528564, 1.0185719728469849, 4.012784004211426, 4.0742878913879395, 1.0031960010528564,
      1.0864768028259277,
    ],
  ],
  [
    'SquaredHinge',
    {},
    'bits',
    [
      1.4574227333068848, 1.6096043586730957, 5.829690933227539, 6.438417434692383, 1.4574227333068848,
      1.7169113159179688,
    ],
  ],
  [
    'CategoricalHinge',
    {},
    'one_hot',
    [
      1.0454895496368408, 1.0229920148849487, 4.181958198547363, 4.091968059539795, 1.0454895496368408,
      1.0911915302276611,
    ],
  ],
  [
    'KLDivergence',
    {},
    'positive',
    [
      0.16760626435279846, 0.07333613187074661, 0.6704250574111938, 0.29334452748298645, 0.16760626435279846,
      0.07822521030902863,
    ],
  ],
  [
    'CosineSimilarity',
    {},
    'reals',
    [
      0.0017457902431488037, 0.15909740328788757, 0.006983160972595215, 0.6363896131515503,
      0.0017457902431488037, 0.1697039008140564,
    ],
  ],
  [
    'BinaryFocalCrossentropy',
    { apply_class_balancing: true, label_smoothing: 0.1 },
    'bits',
    [
      0.8327381014823914, 0.582005500793457, 3.3309524059295654, 2.328022003173828, 0.8327381014823914,
      0.6208058595657349,
    ],
  ],
  [
    'CategoricalFocalCrossentropy',
    { alpha: [0.2, 0.3, 0.5], gamma: 1.5 },
    'one_hot',
    [
      0.35368210077285767, 0.217533677816391, 1.4147284030914307, 0.870134711265564, 0.35368210077285767,
      0.23203592002391815,
    ],
  ],
  [
    'Dice',
    {},
    'bits',
    [
      0.399247407913208, 0.3742944598197937, 0.399247407913208, 1.4971778392791748, 0.399247407913208,
      0.3992474377155304,
    ],
  ],
  [
    'Dice',
    { axis: -1 },
    'bits',
    [
      0.43851181864738464, 0.5071468353271484, 1.7540472745895386, 2.0285873413085938, 0.43851181864738464,
      0.5409566164016724,
    ],
  ],
  [
    'Tversky',
    { alpha: 0.3, beta: 0.7 },
    'bits',
    [
      0.4320629835128784, 0.4050590693950653, 0.4320629835128784, 1.6202362775802612, 0.4320629835128784,
      0.4320630133152008,
    ],
  ],
];

async function lossOf(
  loss: losses.Loss | losses.LossName,
  target: Tensor<'float32'>,
  { sampleWeight, engine = 'ort' }: { sampleWeight?: Tensor<'float32'>; engine?: EngineChoice } = {},
): Promise<number> {
  const model = new Sequential([Input({ shape: [3] }), new Activation({ activation: 'linear' })]);
  model.compile({ loss, engine });
  // The loss of a batch of its own each, weighed by its samples, is Keras's running mean.
  const logs = await model.evaluate(outputs, target, { verbose: 0, batchSize: 4, sampleWeight });
  await model.release();
  return logs.loss ?? Number.NaN;
}

for (const [className, options, target, values] of cases)
  for (const engine of ['ort', 'js'] as const)
    test(`${className} ${JSON.stringify(options)} of ${target} (${engine})`, async (t) => {
      const results: number[] = [];
      for (const reduction of reductions)
        for (const sampleWeight of [undefined, weights]) {
          const loss = make<losses.Loss>(losses, [className, { ...options, reduction }]);
          results.push(await lossOf(loss, targets[target], { sampleWeight, engine }));
        }
      // Sums of cosines of both signs lose the digits that they have in common.
      assertClose(t, results, values, { label: className, relative: 2e-6, absolute: 1e-6 });
    });

test("losses go by Keras's names, short and long", async (t) => {
  for (const [name, alike] of [
    ['mae', 'MeanAbsoluteError'],
    ['MAE', 'mean_absolute_error'],
    ['mape', 'MeanAbsolutePercentageError'],
    ['msle', 'mean_squared_logarithmic_error'],
    ['kld', 'KLDivergence'],
    ['kl_divergence', 'KLD'],
    ['huber', 'Huber'],
    ['log_cosh', 'LogCosh'],
    ['cosine_similarity', 'CosineSimilarity'],
  ] as const) {
    t.is(losses.getLoss(name).className, losses.getLoss(alike).className);
    t.is(await lossOf(name, targets.positive), await lossOf(alike, targets.positive));
  }
  t.is(new losses.Huber().name, 'huber_loss');
  t.is(losses.getLoss('kl_divergence').name, 'kl_divergence');
});

test('a sum of losses does not depend on how many batches are measured at once', async (t) => {
  const model = new Sequential([Input({ shape: [3] }), new Activation({ activation: 'linear' })]);
  model.compile({ loss: new losses.MeanSquaredError({ reduction: 'sum' }) });
  const { loss } = await model.evaluate(outputs, targets.reals, { verbose: 0, batchSize: 3 });
  // Batches of 3 and 1: (3·L₁ + L₂) / 4, where L are sums.
  const each = [0, 1, 2, 3].map((row) =>
    [0, 1, 2].reduce((sum, k) => {
      const i = 3 * row + k;
      return sum + (outputs.data[i]! - targets.reals.data[i]!) ** 2 / 3;
    }, 0),
  );
  assertClose(t, [loss!], [(3 * (each[0]! + each[1]! + each[2]!) + each[3]!) / 4], { label: 'loss' });
  await model.release();
});

test('a loss that is saved comes back with its options', async (t) => {
  for (const [className, options] of cases) {
    const loss = make<losses.Loss>(losses, [className, { ...options, reduction: 'sum' }]);
    const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 3 })]);
    model.compile({ loss });
    const read = await decodeKerasModel(await encodeKerasModel(model, 'keras'));
    t.is(read.loss?.className, className);
    t.deepEqual(read.loss?.getConfig(), loss.getConfig());
  }
});

test('reductions and axes that make no sense are refused', async (t) => {
  t.throws(() => new losses.Dice({ reduction: 'average' as never }), {
    name: 'ValueError',
    message:
      'Invalid value for argument `reduction`. Expected one of sum_over_batch_size, sum, None, none, mean, mean_with_sample_weight. Received: reduction=average',
  });
  t.throws(() => new losses.Dice({ axis: [0, 1] }), {
    name: 'ValueError',
    message:
      'Expected axes of one sample. Received: axis=0,1, with the batch, which is axis 0. Hint: pass no axis for all of them, the batch included.',
  });
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 3, kernelRegularizer: 'l2' })]);
  model.compile({ loss: new losses.MeanSquaredError({ reduction: 'none' }) });
  await t.throwsAsync(model.fit(outputs, targets.reals, { verbose: 0 }), {
    name: 'ValueError',
    message:
      "Expected a loss that is one number, as the model has regularizers, which add one. Received: the loss 'mean_squared_error' with reduction 'none'. Hint: use reduction 'sum'.",
  });
});
