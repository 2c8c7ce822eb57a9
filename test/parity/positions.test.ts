/** Outputs of rank 3 and 4: losses, gradients and metrics are Keras's over every axis. */
import test from 'ava';
import { differenceOf } from '../compare.js';
import { type Answer, type Case, compileCase, type LayerSpec, type Spec, unpack } from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('training.py');

/** Layers of rank 2, 3 and 4 that end with `units` outputs a position. */
const ranks = {
  2: { input: [6], reshape: null },
  3: { input: [6], reshape: [3, 4] },
  4: { input: [4, 3, 2], reshape: null },
} as const;

const ending = (rank: keyof typeof ranks, last: LayerSpec): LayerSpec[] => {
  const { reshape } = ranks[rank];
  const penalty: Spec = ['L1L2', { l1: 0.002, l2: 0.01 }];
  const hidden: LayerSpec = ['Dense', { units: 12, activation: 'tanh', kernel_regularizer: penalty }];
  return [hidden, ...(reshape ? [['Reshape', { target_shape: reshape }] as const] : []), last];
};

const dense = (units: number, activation: string): LayerSpec => ['Dense', { units, activation }];

type Kind = Pick<Case, 'loss' | 'targets' | 'metrics' | 'weighted_metrics'> & {
  readonly last: readonly LayerSpec[];
};
const kinds: Readonly<Record<string, Kind>> = {
  'mean squared error': {
    last: [dense(3, 'linear')],
    loss: 'mse',
    targets: 'reals',
    metrics: ['mse', ['Accuracy', {}]],
  },
  'binary cross-entropy': {
    last: [dense(2, 'sigmoid')],
    loss: ['BinaryCrossentropy', { label_smoothing: 0.1 }],
    targets: 'bits',
    metrics: [
      'binary_accuracy',
      'binary_crossentropy',
      'AUC',
      'Precision',
      ['Recall', { thresholds: 0.3 }],
      ['Precision', { class_id: 1 }],
    ],
  },
  'binary cross-entropy of one output': {
    last: [dense(1, 'sigmoid')],
    loss: 'binary_crossentropy',
    targets: 'bits',
    metrics: ['accuracy', 'auc'],
    weighted_metrics: ['accuracy', ['Precision', { thresholds: 0.4 }], 'mse'],
  },
  'binary cross-entropy of other probabilities': {
    last: [dense(2, 'sigmoid'), ['ELU', {}]],
    loss: 'binary_crossentropy',
    targets: 'bits',
  },
  'categorical cross-entropy': {
    last: [dense(3, 'softmax')],
    loss: ['CategoricalCrossentropy', { label_smoothing: 0.05 }],
    targets: 'one_hot',
    metrics: [
      'accuracy',
      'categorical_crossentropy',
      ['TopKCategoricalAccuracy', { k: 2 }],
      ['Precision', { top_k: 1 }],
    ],
  },
  'categorical cross-entropy of a softmax layer': {
    last: [dense(3, 'linear'), ['Softmax', {}]],
    loss: 'categorical_crossentropy',
    targets: 'one_hot',
  },
  'categorical cross-entropy of other positive numbers': {
    last: [dense(3, 'sigmoid'), ['ELU', {}]],
    loss: 'categorical_crossentropy',
    targets: 'one_hot',
  },
  'categorical cross-entropy from logits': {
    last: [dense(3, 'linear')],
    loss: ['CategoricalCrossentropy', { from_logits: true }],
    targets: 'one_hot',
  },
  'sparse categorical cross-entropy': {
    last: [dense(4, 'softmax')],
    loss: 'sparse_categorical_crossentropy',
    targets: 'indices',
    metrics: ['acc', 'sparse_categorical_crossentropy', ['SparseTopKCategoricalAccuracy', { k: 2 }]],
  },
  'mean squared error of one target for all outputs': {
    last: [dense(3, 'linear')],
    loss: 'mse',
    targets: 'column',
    metrics: ['mse', 'binary_accuracy', ['Accuracy', {}]],
  },
};

const cases = ([2, 3, 4] as const).flatMap((rank) =>
  Object.entries(kinds).map(([name, { last, ...kind }], i): Case => {
    const [first, ...others] = last;
    return {
      name: `${name}, rank ${rank}${i % 2 ? ', weighted' : ''}`,
      // Of its own, whatever kinds are added: a probability beside one of AUC's thresholds falls on either side.
      seed: 1000 * rank + i,
      input: ranks[rank].input,
      layers: [...(first ? ending(rank, first) : []), ...others],
      optimizer: ['SGD', { learning_rate: 0.2, momentum: 0.5 }],
      ...kind,
      ...{
        samples: 36,
        batch: 8,
        epochs: 3,
        validation_split: 0.25,
        eager: true,
        sample_weight: i % 2 === 1,
      },
    };
  }),
);

let answers: Promise<{ cases: Answer[] }> | undefined;
/** Keras's answer to a case. */
async function answerTo(given: Case): Promise<Required<Pick<Answer, 'history'>> & Answer> {
  answers ??= askKeras<{ cases: Answer[] }>({ cases });
  const answer = (await answers).cases[cases.indexOf(given)];
  if (!answer?.history) throw new Error(`Expected an answer to '${given.name}'. Received: none.`);
  return { ...answer, history: answer.history };
}

for (const given of cases)
  for (const engine of ['ort', 'js'] as const)
    test.serial(`${given.name}: losses, metrics and weights are Keras's (${engine})`, async (t) => {
      const answer = await answerTo(given);
      const model = compileCase(given, answer, engine);
      const { history } = await model.fit(unpack(answer.x), unpack(answer.y), {
        ...{
          batchSize: given.batch,
          epochs: given.epochs,
          shuffle: false,
          validationSplit: 0.25,
          verbose: 0,
        },
        sampleWeight: answer.sample_weight && unpack(answer.sample_weight),
      });
      t.deepEqual(Object.keys(history).toSorted(), Object.keys(answer.history).toSorted());
      const differences = Object.entries(answer.history).map(([name, values]) =>
        differenceOf(history[name] ?? [], values, { label: name }),
      );
      for (const [k, weight] of model.weights.entries()) {
        const [label, value] = [`${weight.name} ${k}`, answer.final[k]];
        if (value)
          differences.push(
            differenceOf(weight.value, unpack(value).data, { label, relative: 0, absolute: 1e-5 }),
          );
      }
      t.is(answer.final.length, model.weights.length);
      t.deepEqual(
        differences.filter((difference) => difference !== undefined),
        [],
      );
      await model.release();
    });
