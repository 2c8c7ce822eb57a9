/** Metrics of given outputs, in each form of targets, in both engines: the results are Keras's. */
import test from 'ava';
import { differenceOf } from '../compare.js';
import { type Measured, type MeasuredAnswer, measure, type Spec } from '../training/case.js';
import { pythonScript } from './python.js';

const askKeras = pythonScript('training.py');

const thresholds: readonly (readonly number[])[] = [[0.25], [0.2, 0.5], [0, 0.5, 1], [0.75, 0.1]];
const counts = ['TruePositives', 'FalsePositives', 'TrueNegatives', 'FalseNegatives'];
const averages = [null, 'micro', 'macro', 'weighted'];

const ofOutputs: Spec[] = [
  ...counts.flatMap((name): Spec[] => [
    [name, {}],
    ...thresholds.map((list): Spec => [name, { thresholds: list }]),
  ]),
  ...['Precision', 'Recall'].flatMap((name) => thresholds.map((list): Spec => [name, { thresholds: list }])),
  ['Precision', { thresholds: [0.2, 0.6], top_k: 1 }],
  ['Recall', { thresholds: [0.2, 0.6], class_id: 0 }],
  ...averages.flatMap((average): Spec[] => [
    ['F1Score', { average }],
    ['F1Score', { average, threshold: 0.5 }],
    ['FBetaScore', { average, beta: 2.5 }],
    ['FBetaScore', { average, beta: 0.5, threshold: 0.25 }],
  ]),
  ['R2Score', {}],
  ['R2Score', { class_aggregation: null }],
  ['R2Score', { class_aggregation: 'variance_weighted_average', num_regressors: 2 }],
  ...[
    ...['MeanAbsoluteError', 'MeanAbsolutePercentageError', 'MeanSquaredLogarithmicError', 'LogCoshError'],
    ...['RootMeanSquaredError', 'CosineSimilarity', 'Hinge', 'SquaredHinge', 'CategoricalHinge'],
    ...['KLDivergence', 'Poisson'],
  ].map((name): Spec => [name, {}]),
  ['BinaryIoU', {}],
  ['BinaryIoU', { target_class_ids: [1], threshold: 0.25 }],
];

const iou = (options: Record<string, unknown>): Spec[] => [
  ['MeanIoU', { num_classes: 4, ...options }],
  ['MeanIoU', { num_classes: 3, ignore_class: 0, ...options }],
  ['IoU', { num_classes: 4, target_class_ids: [0, 2], ...options }],
];
const oneHot: Spec[] = [
  ['OneHotMeanIoU', { num_classes: 4 }],
  ['OneHotIoU', { num_classes: 4, target_class_ids: [1, 3], ignore_class: 2 }],
  ['MeanIoU', { num_classes: 4, sparse_y_true: false, sparse_y_pred: false }],
];

let seed = 7000;
const measured: readonly Measured[] = [
  ...[1, 2, 4].map((classes): Measured => {
    const metrics = classes === 1 ? ofOutputs.filter(([name]) => name !== 'KLDivergence') : ofOutputs;
    return { seed: ++seed, samples: 40, classes, target_form: 'bits', metrics };
  }),
  { seed: ++seed, samples: 40, classes: 4, target_form: 'one_hot', metrics: [...ofOutputs, ...oneHot] },
  { seed: ++seed, samples: 40, classes: 4, target_form: 'indices', metrics: iou({ sparse_y_pred: false }) },
  { seed: ++seed, samples: 40, classes: 4, target_form: 'classes', metrics: iou({}) },
];

let answers: Promise<{ measured: MeasuredAnswer[] }> | undefined;

for (const [i, given] of measured.entries())
  for (const engine of ['ort', 'js'] as const)
    test.serial(
      `metrics of ${given.target_form} and ${given.classes} outputs are Keras's (${engine})`,
      async (t) => {
        answers ??= askKeras<{ measured: MeasuredAnswer[] }>({ measured });
        const answer = (await answers).measured[i]!;
        const results = await measure(given, answer, engine);
        const differences = given.metrics.map((spec, k) => {
          t.is(Array.isArray(results[k]), Array.isArray(answer.results[k]), JSON.stringify(spec));
          return differenceOf([results[k]!].flat(), [answer.results[k]!].flat(), {
            // Keras adds up in single precision.
            ...{ label: JSON.stringify(spec), absolute: 2e-6 },
          });
        });
        t.deepEqual(
          differences.filter((difference) => difference !== undefined),
          [],
        );
      },
    );
