import test from 'ava';
import type { MetricResult } from '../../src/keras/callbacks/callback.js';
import * as optimizers from '../../src/keras/optimizers/index.js';
import { assertClose, differenceOf } from '../compare.js';
import {
  type Answer,
  type Case,
  compileCase,
  type LayerSpec,
  type Measured,
  type MeasuredAnswer,
  make,
  measure,
  type Packed,
  type Spec,
  trainSteps,
  unpack,
} from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('training.py');

const dense = (units: number, activation: string, options = {}): LayerSpec => [
  'Dense',
  { units, activation, ...options },
];
const head: LayerSpec[] = [dense(16, 'relu'), dense(8, 'tanh'), dense(3, 'softmax')];
const base = {
  input: [20],
  layers: head,
  optimizer: ['SGD', { learning_rate: 0.05 }],
  loss: ['CategoricalCrossentropy', {}],
  targets: 'one_hot',
  samples: 96,
  batch: 16,
  steps: 200,
} as const;

let seed = 0;
const training = (name: string, changes: Partial<Case>): Case => ({
  ...base,
  name,
  seed: ++seed,
  ...changes,
});

const optimizerCases = (
  [
    ['SGD', { learning_rate: 0.1 }],
    ['SGD', { learning_rate: 0.02, momentum: 0.9 }],
    ['SGD', { learning_rate: 0.02, momentum: 0.9, nesterov: true }],
    ['SGD', { weight_decay: 0.05, clipnorm: 0.1 }],
    ['SGD', { learning_rate: ['PolynomialDecay', { initial_learning_rate: 0.1, decay_steps: 150 }] }],
    ['RMSprop', {}],
    // At 0.001 the loss falls to where the rounding of a probability near 1 alone moves it by 1e-5 of itself.
    ['RMSprop', { momentum: 0.9, learning_rate: 0.0003 }],
    ['RMSprop', { centered: true, epsilon: 1e-3 }],
    ['RMSprop', { momentum: 0.5, centered: true, rho: 0.8, epsilon: 1e-3 }],
    ['RMSprop', { weight_decay: 0.01, clipvalue: 0.01 }],
    ['Adam', {}],
    ['Adam', { learning_rate: 0.003, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-5 }],
    ['Adam', { amsgrad: true }],
    ['Adam', { global_clipnorm: 0.3, weight_decay: 0.02 }],
    [
      'Adam',
      {
        learning_rate: [
          'CosineDecay',
          { initial_learning_rate: 0.001, decay_steps: 150, warmup_target: 0.005, warmup_steps: 30 },
        ],
      },
    ],
    ['AdamW', {}],
    ['AdamW', { weight_decay: 0.1, amsgrad: true, clipnorm: 0.5 }],
    ['Nadam', {}],
    ['Nadam', { learning_rate: 0.003, beta_1: 0.8, beta_2: 0.99, epsilon: 1e-4, weight_decay: 0.02 }],
    ['Adagrad', {}],
    ['Adagrad', { learning_rate: 0.03, initial_accumulator_value: 0.02, clipvalue: 0.05 }],
    ['Adamax', {}],
    ['Adamax', { learning_rate: 0.003, beta_1: 0.8, beta_2: 0.9, epsilon: 1e-3 }],
    ['Adadelta', {}],
    ['Adadelta', { learning_rate: 0.5, rho: 0.9, epsilon: 1e-4 }],
    ['Lion', { learning_rate: 0.0003 }],
    ['Lion', { learning_rate: 0.0003, beta_1: 0.8, beta_2: 0.95, weight_decay: 0.1 }],
    ['Adafactor', {}],
    ['Adafactor', { learning_rate: 0.01, relative_step: false, beta_2_decay: -0.6, clip_threshold: 0.5 }],
    ['SGD', { use_ema: true, ema_momentum: 0.9 }],
    ['Adam', { use_ema: true, ema_momentum: 0.8, ema_overwrite_frequency: 7 }],
    ['SGD', { gradient_accumulation_steps: 3, momentum: 0.9, clipnorm: 0.2, weight_decay: 0.01 }],
    ['Adam', { gradient_accumulation_steps: 2, use_ema: true, ema_overwrite_frequency: 5 }],
    ['RMSprop', { gradient_accumulation_steps: 4, loss_scale_factor: 8 }],
  ] satisfies Spec[]
).map((optimizer) => training(`${optimizer[0]} ${JSON.stringify(optimizer[1])}`, { optimizer }));

const ending = (...last: LayerSpec[]) => [dense(16, 'relu'), ...last];
const lossCases = [
  training('smoothed categorical cross-entropy', {
    loss: ['CategoricalCrossentropy', { label_smoothing: 0.1 }],
  }),
  training('categorical cross-entropy from logits', {
    loss: ['CategoricalCrossentropy', { from_logits: true }],
    layers: ending(dense(3, 'linear')),
  }),
  training('categorical cross-entropy of sigmoids', { layers: ending(dense(3, 'sigmoid')) }),
  training('categorical cross-entropy of other positive numbers', {
    layers: ending(dense(3, 'sigmoid'), ['ELU', {}]),
  }),
  training('sparse categorical cross-entropy', {
    loss: ['SparseCategoricalCrossentropy', {}],
    targets: 'indices',
  }),
  training('sparse categorical cross-entropy from logits', {
    loss: ['SparseCategoricalCrossentropy', { from_logits: true }],
    layers: ending(dense(3, 'linear')),
    targets: 'indices',
  }),
  training('sparse categorical cross-entropy of other positive numbers', {
    loss: ['SparseCategoricalCrossentropy', {}],
    layers: ending(dense(3, 'sigmoid'), ['ELU', {}]),
    targets: 'indices',
  }),
  training('binary cross-entropy', {
    loss: ['BinaryCrossentropy', {}],
    layers: ending(dense(1, 'sigmoid')),
    targets: 'bits',
  }),
  training('smoothed binary cross-entropy of several outputs', {
    loss: ['BinaryCrossentropy', { label_smoothing: 0.2 }],
    layers: ending(dense(4, 'sigmoid')),
    targets: 'bits',
  }),
  training('binary cross-entropy from logits', {
    loss: ['BinaryCrossentropy', { from_logits: true }],
    layers: ending(dense(4, 'linear')),
    targets: 'bits',
  }),
  training('binary cross-entropy of a softmax', { loss: ['BinaryCrossentropy', {}] }),
  training('binary cross-entropy of other probabilities', {
    loss: ['BinaryCrossentropy', {}],
    layers: ending(dense(4, 'sigmoid'), ['ELU', {}]),
    targets: 'bits',
  }),
  training('mean squared error', {
    loss: ['MeanSquaredError', {}],
    layers: ending(dense(2, 'linear')),
    targets: 'reals',
  }),
  training('sample weights', { sample_weight: true }),
  training('class weights', { class_weight: { 0: 2, 1: 0.5 } }),
  training('class weights of indices', {
    class_weight: { 0: 2, 2: 0.5 },
    loss: 'sparse_categorical_crossentropy',
    targets: 'indices',
  }),
];

const pictures = { input: [5, 4, 3], batch: 12 } as const;
const layerCases = [
  ...[
    ...['selu', 'mish', 'softplus', 'softsign', 'exponential', 'celu', 'squareplus', 'log_sigmoid'],
    ...['tanh_shrink', 'hard_shrink', 'soft_shrink', 'hard_tanh', 'sparse_plus', 'sparse_sigmoid'],
  ].map((activation) =>
    training(activation, { steps: 60, layers: [dense(12, activation), dense(3, 'softmax')] }),
  ),
  training('branches that are averaged, subtracted and compared', {
    steps: 60,
    layers: [
      dense(8, 'tanh'),
      ['Average', {}, [[dense(6, 'tanh')], [dense(6, 'relu')], [dense(1, 'linear')]]],
      ['Subtract', {}, [[dense(5, 'tanh')], [dense(1, 'linear')]]],
      ['Maximum', {}, [[dense(5, 'tanh')], [dense(5, 'linear')], [dense(5, 'relu')]]],
      ['Minimum', {}, [[], [dense(5, 'tanh')]]],
      dense(3, 'softmax'),
    ],
  }),
  training('groups of channels', {
    ...pictures,
    steps: 60,
    layers: [
      dense(6, 'tanh'),
      ['GroupNormalization', { groups: 3 }],
      ['UpSampling2D', { size: [2, 3] }],
      ['PReLU', { shared_axes: [1, 2] }],
      ['Permute', { dims: [3, 1, 2] }],
      ['GlobalAveragePooling2D', {}],
      dense(3, 'softmax'),
    ],
  }),
  training('enlarged pictures, and slopes of each value', {
    ...pictures,
    steps: 60,
    layers: [
      dense(4, 'tanh'),
      ['UpSampling2D', { interpolation: 'bilinear' }],
      ['SpatialDropout2D', { rate: 0 }],
      ['GroupNormalization', { groups: -1, epsilon: 0.01, center: false }],
      ['Reshape', { target_shape: [40, 8] }],
      ['Permute', { dims: [2, 1] }],
      ['GroupNormalization', { groups: 4, scale: false }],
      ['PReLU', { alpha_regularizer: ['L2', { l2: 0.01 }] }],
      ['GaussianNoise', { stddev: 0 }],
      ['Flatten', {}],
      dense(3, 'softmax'),
    ],
  }),
  ...['elu', 'gelu', 'leaky_relu', 'relu6', 'sigmoid'].map((activation) =>
    training(activation, { layers: [dense(12, activation), dense(3, 'softmax')] }),
  ),
  training('layers that activate', {
    layers: [
      dense(12, 'linear'),
      ['ReLU', { negative_slope: 0.1, max_value: 1.5, threshold: 0.05 }],
      dense(12, 'linear'),
      ['LeakyReLU', {}],
      dense(8, 'linear'),
      ['ELU', { alpha: 0.5 }],
      dense(3, 'linear'),
      ['Softmax', {}],
    ],
  }),
  training('rows of length 1', {
    layers: [['UnitNormalization', {}], dense(12, 'relu'), dense(3, 'softmax')],
  }),
  training('an activation at the end', {
    layers: [dense(3, 'linear'), ['Activation', { activation: 'softmax' }]],
  }),
  training('batch normalisation', {
    layers: [
      dense(12, 'linear', { use_bias: false }),
      ['BatchNormalization', { momentum: 0.9 }],
      dense(3, 'softmax'),
    ],
  }),
  training('batch normalisation without gamma and beta', {
    layers: [['BatchNormalization', { center: false, scale: false, epsilon: 0.01 }], dense(3, 'softmax')],
  }),
  training('dropout of nothing', {
    layers: [dense(12, 'relu'), ['Dropout', { rate: 0 }], dense(3, 'softmax')],
  }),
  training('penalties', {
    layers: [
      dense(12, 'relu', { kernel_regularizer: ['L2', { l2: 0.02 }], bias_regularizer: ['L1', { l1: 0.01 }] }),
      dense(3, 'softmax', { kernel_regularizer: ['L1L2', { l1: 0.003, l2: 0.01 }] }),
    ],
  }),
  training('branches that are added and put together', {
    layers: [
      dense(8, 'relu'),
      ['Add', {}, [[dense(6, 'tanh')], [dense(6, 'relu'), dense(6, 'linear')]]],
      ['Concatenate', {}, [[], [dense(5, 'elu')]]],
      dense(3, 'softmax'),
    ],
  }),
  training('branches of several shapes that are added', {
    input: [24],
    layers: [
      [
        'Add',
        {},
        [
          [['Reshape', { target_shape: [4, 3, 2] }]],
          [dense(2, 'tanh')],
          [dense(6, 'relu'), ['Reshape', { target_shape: [1, 3, 2] }]],
          [dense(3, 'tanh'), ['Reshape', { target_shape: [3, 1] }]],
        ],
      ],
      ['Flatten', {}],
      dense(3, 'softmax'),
    ],
  }),
  training('scaled pictures', {
    ...pictures,
    layers: [['Rescaling', { scale: 0.5, offset: -0.25 }], ['Flatten', {}], dense(3, 'softmax')],
  }),
  training('flattened pictures', { ...pictures, layers: [['Flatten', {}], dense(3, 'softmax')] }),
  training('means of pictures', {
    ...pictures,
    layers: [dense(6, 'tanh'), ['GlobalAveragePooling2D', {}], dense(3, 'softmax')],
  }),
  training('largest values of pictures', {
    ...pictures,
    layers: [dense(6, 'tanh'), ['BatchNormalization', {}], ['GlobalMaxPooling2D', {}], dense(3, 'softmax')],
  }),
  training('reshaped pictures', {
    ...pictures,
    layers: [
      ['Reshape', { target_shape: [10, 6] }],
      dense(4, 'relu'),
      ['Reshape', { target_shape: [5, 2, -1] }],
      ['Concatenate', { axis: 1 }, [[], [dense(4, 'tanh')]]],
      ['Flatten', {}],
      dense(3, 'softmax'),
    ],
  }),
];

const photos = { input: [9, 8, 3], batch: 12, samples: 48 } as const;
const end: LayerSpec[] = [['GlobalAveragePooling2D', {}], dense(3, 'softmax')];
const l2 = ['L2', { l2: 0.02 }];
const convolutionCases = [
  training('convolutions', {
    ...photos,
    layers: [
      ['Conv2D', { filters: 8, kernel_size: 3, strides: 2, padding: 'same', activation: 'relu' }],
      [
        'Conv2D',
        { filters: 6, kernel_size: [2, 3], dilation_rate: [1, 2], padding: 'same', use_bias: false },
      ],
      ['ReLU', { max_value: 6 }],
      ['Conv2D', { filters: 6, kernel_size: 2, groups: 3, activation: 'tanh' }],
      ...end,
    ],
  }),
  training('depthwise convolutions', {
    ...photos,
    layers: [
      [
        'ZeroPadding2D',
        {
          padding: [
            [0, 1],
            [0, 1],
          ],
        },
      ],
      ['DepthwiseConv2D', { kernel_size: 3, strides: 2, depth_multiplier: 2, use_bias: false }],
      ['BatchNormalization', { momentum: 0.9 }],
      ['Conv2D', { filters: 8, kernel_size: 1, strides: 2, use_bias: false }],
      ['BatchNormalization', {}],
      ['ReLU', { max_value: 6 }],
      ['DepthwiseConv2D', { kernel_size: 3, padding: 'same', activation: 'elu' }],
      ...end,
    ],
  }),
  training('separable convolutions', {
    ...photos,
    layers: [
      [
        'SeparableConv2D',
        { filters: 5, kernel_size: 3, depth_multiplier: 2, padding: 'same', activation: 'relu' },
      ],
      ['SeparableConv2D', { filters: 4, kernel_size: 2, strides: 2, use_bias: false }],
      ...end,
    ],
  }),
  training('windows that are pooled', {
    ...photos,
    layers: [
      ['Conv2D', { filters: 6, kernel_size: 3, padding: 'same', activation: 'tanh' }],
      ['MaxPooling2D', { pool_size: 3, strides: 2, padding: 'same' }],
      ['Conv2D', { filters: 6, kernel_size: 2, activation: 'tanh' }],
      ['AveragePooling2D', { pool_size: 2, strides: 1, padding: 'same' }],
      [
        'Concatenate',
        {},
        [
          [['MaxPooling2D', {}]],
          [['AveragePooling2D', { pool_size: 2 }]],
          [['Conv2D', { filters: 2, kernel_size: 2, strides: 2 }]],
        ],
      ],
      ...end,
    ],
  }),
  training('a residual block', {
    ...photos,
    // Faster, rounding moves a ReLU's kink across a value.
    optimizer: ['SGD', { learning_rate: 0.01 }],
    layers: [
      ['Conv2D', { filters: 6, kernel_size: 3 }],
      [
        'Add',
        {},
        [
          [
            ['Conv2D', { filters: 6, kernel_size: 1, strides: 2, use_bias: false }],
            ['BatchNormalization', {}],
          ],
          [
            ['Conv2D', { filters: 4, kernel_size: 3, strides: 2, padding: 'same', use_bias: false }],
            ['BatchNormalization', {}],
            ['Activation', { activation: 'relu' }],
            ['Conv2D', { filters: 6, kernel_size: 1 }],
          ],
        ],
      ],
      ['Activation', { activation: 'relu' }],
      ['Flatten', {}],
      dense(3, 'softmax'),
    ],
  }),
  training('penalties on kernels', {
    ...photos,
    layers: [
      [
        'Conv2D',
        { filters: 4, kernel_size: 2, kernel_regularizer: l2, bias_regularizer: ['L1', { l1: 0.01 }] },
      ],
      ['DepthwiseConv2D', { kernel_size: 2, depthwise_regularizer: ['L1', { l1: 0.003 }] }],
      [
        'SeparableConv2D',
        { filters: 3, kernel_size: 2, depthwise_regularizer: l2, pointwise_regularizer: l2 },
      ],
      ...end,
    ],
  }),
  training('pictures as targets', {
    ...photos,
    layers: [['Conv2D', { filters: 2, kernel_size: 3, padding: 'same', activation: 'sigmoid' }]],
    loss: ['BinaryCrossentropy', {}],
    targets: 'bits',
  }),
];

const withoutDtype = (config: unknown): unknown =>
  JSON.parse(JSON.stringify(config), (key, value) => (key === 'dtype' ? undefined : value));

/** Keras's slots, without the product that Nadam keeps; Adafactor calls those of rows and columns after the weight. */
function slotsOf({ slots }: Answer): (readonly [name: string, value: Packed])[] {
  const pattern = /(velocity_hat|average_gradient|accumulated_\w+|gradient_accumulator|[a-z]+)$/;
  let isRow = false;
  return slots
    .filter(([, { dims }]) => dims.length > 0)
    .map(([name, value]) => {
      const [slot = ''] = pattern.exec(name) ?? [];
      if (slot !== 'kernel') return [slot, value];
      isRow = !isRow;
      return [isRow ? 'r' : 'c', value];
    });
}

/** Keras's answers, asked for once. */
function answersTo(cases: readonly Case[]): (given: Case) => Promise<Answer> {
  let answers: Promise<Answer[]> | undefined;
  return async (given) => {
    answers ??= (async () => (await askKeras<{ cases: Answer[] }>({ cases })).cases)();
    return (await answers)[cases.indexOf(given)]!;
  };
}

for (const [title, cases] of [
  ['optimizer', optimizerCases],
  ['loss', lossCases],
  ['layers', layerCases],
  ['images', convolutionCases],
] as const) {
  const answerTo = answersTo(cases);
  for (const given of cases)
    test.serial(`${title}: ${given.steps} steps with ${given.name} are Keras's`, async (t) => {
      const answer = await answerTo(given);
      const model = compileCase(given, answer);
      const losses = await trainSteps(model, given, answer);
      assertClose(t, losses, answer.losses!, { label: 'loss' });
      for (const [k, weight] of model.weights.entries())
        assertClose(t, weight.value, unpack(answer.final[k]!).data, {
          label: `${weight.name} ${k}`,
          relative: 0,
          absolute: 1e-4,
        });
      const { optimizer } = model;
      const slots = optimizer.allSlotGroups.flatMap((group) =>
        model.trainableWeights.flatMap((weight) =>
          group
            .filter((slot) => optimizer.slotShape(weight, slot).length > 0)
            .map((slot) => [slot, optimizer.slot(weight, slot)] as const),
        ),
      );
      t.deepEqual(
        slots.map(([slot]) => slot),
        slotsOf(answer).map(([name]) => name),
      );
      for (const [k, [slot, value]] of slots.entries())
        assertClose(t, value, unpack(slotsOf(answer)[k]![1]).data, {
          label: `${slot} ${k}`,
          relative: 1e-3,
          absolute: 1e-5,
        });
      const configs = {
        optimizer: optimizer.getConfig(),
        loss: typeof given.loss === 'string' ? null : model.loss!.getConfig(),
        metrics: [],
        layers: model.layers.slice(1).map((layer) => layer.getConfig()),
      };
      const [, ...layers] = answer.configs.layers;
      t.deepEqual(withoutDtype(configs), withoutDtype({ ...answer.configs, layers }));
      await model.release();
    });
}

const fits = [
  training('accuracy', {
    metrics: [
      'accuracy',
      'categorical_accuracy',
      'categorical_crossentropy',
      'mse',
      ['TopKCategoricalAccuracy', { k: 2 }],
      ['CategoricalCrossentropy', { label_smoothing: 0.1, name: 'smoothed' }],
      'AUC',
      ['AUC', {}],
      ['AUC', { curve: 'PR', num_thresholds: 50 }],
      ['AUC', { curve: 'PR', summation_method: 'minoring' }],
      ['AUC', { summation_method: 'majoring', thresholds: [0.1, 0.45, 0.3, 0.9] }],
      ['AUC', { thresholds: [0.25, 0.5, 0.75] }],
      ['AUC', { multi_label: true }],
      ['AUC', { multi_label: true, num_labels: 3, label_weights: [1, 2, 0.5], curve: 'PR' }],
      ['AUC', { label_weights: [1, 2, 0.5] }],
      'Precision',
      ['Precision', {}],
      ['Precision', { thresholds: 0.3 }],
      ['Precision', { top_k: 1 }],
      ['Precision', { class_id: 2 }],
      'recall',
      ['Recall', {}],
      ['Recall', { thresholds: [0.7] }],
      ['Recall', { top_k: 2, class_id: 1 }],
    ],
    epochs: 5,
    samples: 90,
    validation_split: 0.25,
  }),
  training('sparse accuracy', {
    loss: 'sparse_categorical_crossentropy',
    targets: 'indices',
    metrics: [
      'acc',
      'sparse_categorical_accuracy',
      'SparseCategoricalCrossentropy',
      ['SparseTopKCategoricalAccuracy', { k: 2 }],
    ],
    epochs: 4,
    samples: 90,
    sample_weight: true,
    validation_split: 0.25,
  }),
  training('binary accuracy', {
    layers: ending(dense(1, 'sigmoid')),
    loss: 'binary_crossentropy',
    targets: 'bits',
    metrics: [
      'accuracy',
      ['BinaryAccuracy', { threshold: 0.4 }],
      'BinaryCrossentropy',
      'auc',
      'precision',
      ['Recall', { name: 'found' }],
    ],
    epochs: 4,
    samples: 90,
    class_weight: { 0: 0.5, 1: 2 },
    validation_split: 0.2,
  }),
  training('logits', {
    layers: ending(dense(4, 'linear')),
    loss: ['BinaryCrossentropy', { from_logits: true }],
    targets: 'bits',
    metrics: [
      ['BinaryAccuracy', { threshold: 0 }],
      ['BinaryCrossentropy', { from_logits: true }],
      ['AUC', { from_logits: true }],
      ['AUC', { from_logits: true, multi_label: true }],
    ],
    epochs: 4,
    samples: 90,
    validation_split: 0.2,
  }),
  training('metrics that give several numbers', {
    metrics: [
      ['F1Score', {}],
      ['F1Score', { average: 'macro', threshold: 0.4, name: 'macro' }],
      ['Precision', { thresholds: [0.2, 0.5] }],
      ['Recall', { thresholds: [0, 0.25, 0.5, 0.75, 1], class_id: 1 }],
      // Of several thresholds Keras's history holds the last values in every epoch: it keeps the array that counts.
      ['FalsePositives', { thresholds: 0.3 }],
      ['TruePositives', {}],
      ['R2Score', { class_aggregation: null }],
      ['OneHotMeanIoU', { num_classes: 3 }],
      'mae',
      'kl_divergence',
      ['CosineSimilarity', {}],
    ],
    epochs: 3,
    samples: 90,
    validation_split: 0.25,
  }),
  training('hinges of bits', {
    layers: ending(dense(3, 'tanh')),
    loss: 'squared_hinge',
    targets: 'bits',
    metrics: ['hinge', ['SquaredHinge', {}]],
    epochs: 2,
    samples: 90,
    validation_split: 0.25,
  }),
  // A ReLU is often exactly 0, as targets are.
  training('outputs equal to targets', {
    layers: ending(dense(4, 'relu')),
    loss: 'mean_squared_error',
    targets: 'bits',
    metrics: [['Accuracy', {}]],
    epochs: 2,
    samples: 90,
    validation_split: 0.2,
  }),
  training('penalties and moving averages', {
    layers: [
      dense(12, 'relu', { kernel_regularizer: ['L2', { l2: 0.02 }] }),
      ['BatchNormalization', { momentum: 0.8 }],
      dense(3, 'softmax'),
    ],
    metrics: ['accuracy'],
    epochs: 4,
    samples: 96,
    validation_split: 0.25,
  }),
];

const answerToFit = answersTo(fits);
for (const given of fits)
  test.serial(
    `fit with ${given.name}: loss and metrics of each epoch are Keras's, in training and validation`,
    async (t) => {
      const answer = await answerToFit(given);
      const model = compileCase(given, answer);
      const { history } = await model.fit<MetricResult>(unpack(answer.x), unpack(answer.y), {
        batchSize: given.batch,
        epochs: given.epochs!,
        shuffle: false,
        sampleWeight: answer.sample_weight && unpack(answer.sample_weight),
        classWeight: given.class_weight,
        validationSplit: given.validation_split,
        verbose: 0,
      });
      t.deepEqual(Object.keys(history).toSorted(), Object.keys(answer.history!).toSorted());
      const differences = Object.entries(answer.history!).map(([name, values]) =>
        differenceOf(history[name]!.flat(), values.flat(), { label: name }),
      );
      t.deepEqual(
        differences.filter((difference) => difference !== undefined),
        [],
      );
      t.deepEqual(
        withoutDtype(
          model.metrics.flatMap((metric, k) =>
            typeof given.metrics![k] === 'string' ? [] : [metric.getConfig()],
          ),
        ),
        withoutDtype(answer.configs.metrics),
      );
      await model.release();
    },
  );

test.serial("metrics of outputs on thresholds are Keras's", async (t) => {
  const measured = (['bits', 'one_hot'] as const).flatMap((target_form) =>
    [1, 2, 3, 4].map((classes): Measured => {
      const each = Array.from({ length: classes }, (_, i) => i);
      return {
        ...{ seed: ++seed, samples: 40, classes, target_form },
        metrics: [
          ...[2, 3, 9, 10, 200].flatMap((num_thresholds): Spec[] =>
            ['ROC', 'PR'].flatMap((curve) =>
              ['interpolation', 'minoring', 'majoring'].map(
                (summation_method): Spec => ['AUC', { num_thresholds, curve, summation_method }],
              ),
            ),
          ),
          ['AUC', { multi_label: true, num_labels: classes }],
          ['AUC', { multi_label: true, num_labels: classes, curve: 'PR', num_thresholds: 9 }],
          ['AUC', { label_weights: each.map((i) => i + 0.5) }],
          ['AUC', { label_weights: each.map((i) => i + 0.5), thresholds: [0.375, 0.1] }],
          ['AUC', { thresholds: [0.25, 0.5, 0.75] }],
          ['AUC', { from_logits: true }],
          ...[0, 0.25, 0.3, 1].flatMap((thresholds): Spec[] => [
            ['Precision', { thresholds }],
            ['Recall', { thresholds }],
            ['BinaryAccuracy', { threshold: thresholds }],
          ]),
          ...each.flatMap((i): Spec[] => [
            ['Precision', { top_k: i + 1 }],
            ['Recall', { top_k: i + 1, thresholds: 0.5 }],
            ['Precision', { class_id: i }],
            ['Recall', { class_id: i, top_k: 1 }],
            ['TopKCategoricalAccuracy', { k: i + 1 }],
          ]),
          ['CategoricalAccuracy', {}],
          ['MeanSquaredError', {}],
        ],
      };
    }),
  );
  const { measured: answers } = await askKeras<{ measured: MeasuredAnswer[] }>({ measured });
  for (const [i, given] of measured.entries()) {
    const results = await measure(given, answers[i]!);
    const differences = given.metrics.map((spec, k) =>
      // Keras adds up areas in single precision.
      differenceOf([results[k]!].flat(), [answers[i]!.results[k]!].flat(), {
        label: JSON.stringify(spec),
        absolute: 1e-6,
      }),
    );
    t.deepEqual(
      differences.filter((difference) => difference !== undefined),
      [],
    );
  }
});

test.serial("schedules: 200 rates and the configuration are Keras's", async (t) => {
  const initial_learning_rate = 0.1;
  const schedules: Spec[] = [
    ['ExponentialDecay', { initial_learning_rate, decay_steps: 30, decay_rate: 0.7 }],
    ['ExponentialDecay', { initial_learning_rate, decay_steps: 30, decay_rate: 0.7, staircase: true }],
    ['InverseTimeDecay', { initial_learning_rate, decay_steps: 30, decay_rate: 0.7 }],
    ['InverseTimeDecay', { initial_learning_rate, decay_steps: 7, decay_rate: 0.7, staircase: true }],
    ['PiecewiseConstantDecay', { boundaries: [10, 50, 120], values: [0.1, 0.05, 0.2, 0.01] }],
    ['PolynomialDecay', { initial_learning_rate, decay_steps: 120 }],
    ['PolynomialDecay', { initial_learning_rate, decay_steps: 120, end_learning_rate: 0.02, power: 2.5 }],
    ['PolynomialDecay', { initial_learning_rate, decay_steps: 35, cycle: true, power: 0.5 }],
    ['CosineDecay', { initial_learning_rate, decay_steps: 120 }],
    [
      'CosineDecay',
      { initial_learning_rate, decay_steps: 100, alpha: 0.1, warmup_target: 0.3, warmup_steps: 40 },
    ],
    ...[1, 1.5, 2, 3].map(
      (t_mul): Spec => [
        'CosineDecayRestarts',
        { initial_learning_rate, first_decay_steps: 10, t_mul, m_mul: 0.8, alpha: 0.05 },
      ],
    ),
    ['CosineDecayRestarts', { initial_learning_rate, first_decay_steps: 7 }],
  ];
  const { schedules: answers } = await askKeras<{ schedules: { rates: number[]; config: unknown }[] }>({
    schedules,
  });
  for (const [i, spec] of schedules.entries()) {
    const schedule = make<optimizers.LearningRateSchedule>(optimizers, spec);
    const label = `${spec[0]} ${JSON.stringify(spec[1])}`;
    assertClose(
      t,
      Array.from({ length: 200 }, (_, step) => schedule.at(step)),
      answers[i]!.rates,
      // Where a cosine or a power comes near to 0, single precision leaves few digits.
      { label, relative: 2e-6, absolute: 2e-8 },
    );
    t.deepEqual(schedule.serialize(), answers[i]!.config, label);
  }
});
