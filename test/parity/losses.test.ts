/** Every loss and reduction, with and without weights, at rank 2 and 3: training is Keras's. */
import test from 'ava';
import { differenceOf } from '../compare.js';
import { type Answer, type Case, compileCase, type LayerSpec, type Spec, unpack } from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('training.py');

const dense = (units: number, activation: string): LayerSpec => ['Dense', { units, activation }];

type Kind = readonly [loss: Spec | Case['loss'], targets: Case['targets'], ...last: LayerSpec[]];
const kinds: readonly Kind[] = [
  ['mae', 'reals', dense(3, 'linear')],
  ['mape', 'reals', dense(3, 'linear')],
  ['msle', 'bits', dense(3, 'linear')],
  [['Huber', {}], 'reals', dense(3, 'linear')],
  [['Huber', { delta: 0.3 }], 'column', dense(3, 'linear')],
  [['LogCosh', {}], 'reals', dense(3, 'linear')],
  [['Poisson', {}], 'bits', dense(3, 'sigmoid'), ['ELU', {}]],
  [['Hinge', {}], 'bits', dense(3, 'tanh')],
  [['Hinge', {}], 'reals', dense(3, 'tanh')],
  [['SquaredHinge', {}], 'bits', dense(3, 'linear')],
  [['CategoricalHinge', {}], 'one_hot', dense(3, 'linear')],
  [['KLDivergence', {}], 'one_hot', dense(3, 'softmax')],
  [['CosineSimilarity', {}], 'reals', dense(3, 'linear')],
  [['BinaryFocalCrossentropy', {}], 'bits', dense(3, 'sigmoid')],
  [
    ['BinaryFocalCrossentropy', { apply_class_balancing: true, label_smoothing: 0.1 }],
    'bits',
    dense(3, 'softmax'),
  ],
  [['BinaryFocalCrossentropy', { from_logits: true, gamma: 3, alpha: 0.4 }], 'bits', dense(3, 'linear')],
  [['BinaryFocalCrossentropy', {}], 'bits', dense(3, 'sigmoid'), ['ELU', {}]],
  [['CategoricalFocalCrossentropy', {}], 'one_hot', dense(3, 'softmax')],
  [
    ['CategoricalFocalCrossentropy', { from_logits: true, alpha: [0.2, 0.3, 0.9] }],
    'one_hot',
    dense(3, 'linear'),
  ],
  [
    ['CategoricalFocalCrossentropy', { label_smoothing: 0.1, gamma: 1.5 }],
    'one_hot',
    dense(3, 'sigmoid'),
    ['ELU', {}],
  ],
  [['Dice', {}], 'bits', dense(3, 'sigmoid')],
  [['Dice', { axis: -1 }], 'bits', dense(3, 'sigmoid')],
  [['Tversky', { alpha: 0.3, beta: 0.7 }], 'bits', dense(3, 'sigmoid')],
  [['CategoricalCrossentropy', {}], 'one_hot', dense(3, 'softmax')],
  [['BinaryCrossentropy', {}], 'bits', dense(3, 'sigmoid')],
  [['SparseCategoricalCrossentropy', {}], 'indices', dense(3, 'softmax')],
  [['MeanSquaredError', {}], 'reals', dense(3, 'linear')],
];
const reductions = ['sum_over_batch_size', 'sum', 'mean_with_sample_weight', 'none', 'mean', null];

let seed = 5000;
const cases = ([2, 3] as const).flatMap((rank) =>
  kinds.flatMap(([loss, targets, ...last], i) =>
    // Each loss in turn with its default, and with another reduction that weights bring out.
    [false, true].map((sample_weight): Case => {
      const reduction = reductions[(i + rank + Number(sample_weight)) % reductions.length];
      const given =
        typeof loss === 'string' || !sample_weight ? loss : ([loss[0], { ...loss[1], reduction }] as const);
      // The numbers that a step changes weights by are B·T times larger for sums.
      const summed = given !== loss && (reduction === 'sum' || reduction === 'none' || reduction === null);
      const rate = (loss === 'mape' ? 1e-4 : 0.2) / (summed ? 24 : rank === 3 ? 2 : 1);
      return {
        name: `${i}: ${JSON.stringify(given)} of ${targets}, rank ${rank}${sample_weight ? ', weighted' : ''}`,
        seed: ++seed,
        input: rank === 2 ? [6] : [3, 4],
        layers: [dense(8, 'tanh'), ...last],
        optimizer: ['SGD', { learning_rate: rate, momentum: 0.5 }],
        ...{ loss: given, targets, samples: 36, batch: 8, epochs: 2, validation_split: 0.25, eager: true },
        sample_weight,
      };
    }),
  ),
);

let answers: Promise<{ cases: Answer[] }> | undefined;

for (const given of cases)
  test.serial(`${given.name}: losses and weights are Keras's`, async (t) => {
    answers ??= askKeras<{ cases: Answer[] }>({ cases });
    const answer = (await answers).cases[cases.indexOf(given)]!;
    const model = compileCase(given, answer);
    const { history } = await model.fit(unpack(answer.x), unpack(answer.y), {
      ...{ batchSize: given.batch, epochs: given.epochs, shuffle: false, validationSplit: 0.25, verbose: 0 },
      sampleWeight: answer.sample_weight && unpack(answer.sample_weight),
    });
    const differences = Object.entries(answer.history!).map(([name, values]) =>
      differenceOf(history[name] ?? [], values, { label: name }),
    );
    for (const [k, weight] of model.weights.entries())
      differences.push(
        differenceOf(weight.value, unpack(answer.final[k]!).data, {
          ...{ label: `${weight.name} ${k}`, absolute: 1e-5 },
        }),
      );
    t.deepEqual(
      differences.filter((difference) => difference !== undefined),
      [],
    );
    if (typeof given.loss !== 'string') {
      const { dtype: _, ...config } = answer.configs.loss as Record<string, unknown>;
      // Keras forgets to write the delta of Huber, which it reads.
      const { delta: _delta, ...own } = model.loss!.getConfig();
      t.deepEqual(own, config);
    }
    await model.release();
  });
