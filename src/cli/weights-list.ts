/** The weights that can be had by name, and what they cost: `--weights list`. */
import { type Application, applications, megabytesOf } from '../keras/applications/registry.js';
import { textTable } from './text-columns.js';

/** Weights that can be had by name. */
export interface WeightsRow {
  /** What `--weights` takes. */
  readonly name: string;
  readonly network: string;
  readonly trainedOn: string;
  /** Of the weights in megabytes, which a model grows by. */
  readonly megabytes: number;
  /** Height and width in pixels of the pictures. */
  readonly size: number;
  /** Length of an embedding. */
  readonly features: number;
  /** Share of ImageNet's validation pictures named rightly, in percent, as Keras publishes it; `null` where it does not. */
  readonly top1: number | null;
  /** Time of one processor for one picture in milliseconds; `null` where it was not measured. */
  readonly milliseconds: number | null;
  /** Of the weights, as SPDX names it; `null` where it is not known. */
  readonly licence: string | null;
  /** When to take them; empty where there is no particular reason. */
  readonly use: string;
}

/**
 * Milliseconds of processor time for a picture of the network's size, the median of 5 runs on one thread of a
 * server's AMD EPYC with ONNX Runtime 1.30, with random weights: as long as with others.
 */
const milliseconds: Readonly<Record<string, number>> = {
  imagenet: 12.8,
  vggface2: 12.8,
  'imagenet-v2': 8.2,
  'mobilenet-v3-small': 3.2,
  'mobilenet-v3-large': 7.9,
  efficientnetb0: 13.5,
  'nasnet-mobile': 23.7,
  'efficientnetv2-b0': 18.1,
  efficientnetb1: 22.5,
  densenet121: 62.5,
  efficientnetb2: 30.8,
  efficientnetb3: 55.4,
  vgg16: 281.1,
  vgg19: 354.7,
  xception: 178.4,
  'inception-v3': 112.5,
  resnet50v2: 70.9,
  resnet50: 78.3,
  'convnext-tiny': 140.3,
  resnet101v2: 143.6,
  resnet101: 147.5,
  resnet152v2: 211.1,
  resnet152: 216.7,
};

/** Top-1 accuracy in percent. https://keras.io/api/applications */
const accuracies: Readonly<Record<string, number>> = {
  ...{ imagenet: 70.4, 'imagenet-v2': 71.3, 'nasnet-mobile': 74.4, densenet121: 75 },
  ...{ efficientnetb0: 77.1, efficientnetb1: 79.1, efficientnetb2: 80.1, efficientnetb3: 81.6 },
  ...{ 'efficientnetv2-b0': 78.7, vgg16: 71.3, vgg19: 71.3, xception: 79, 'inception-v3': 77.9 },
  ...{ resnet50: 74.9, resnet101: 76.4, resnet152: 76.6, 'convnext-tiny': 81.3 },
  ...{ resnet50v2: 76, resnet101v2: 77.2, resnet152v2: 78 },
};

const uses: Readonly<Record<string, string>> = {
  vggface2: 'photos of people, whose faces are found and levelled first; no download',
  imagenet: 'anything else',
  'imagenet-v2': 'anything else, smaller and faster',
  'mobilenet-v3-small': 'phones and pages: the smallest and fastest',
  efficientnetb0: 'more accurate, about as fast',
  'efficientnetv2-b0': 'more accurate still',
  'convnext-tiny': 'the most accurate but one, where time does not count',
  resnet50: 'to compare with what others publish',
};

const own: readonly Omit<WeightsRow, 'milliseconds' | 'top1' | 'use'>[] = [
  {
    ...{ name: 'vggface2', network: 'MobileNet', trainedOn: 'VGGFace2, faces', megabytes: 13 },
    ...{ size: 224, features: 1024, licence: 'MIT' },
  },
  {
    ...{ name: 'imagenet', network: 'MobileNet', trainedOn: 'ImageNet', megabytes: 13 },
    ...{ size: 224, features: 1024, licence: 'Apache-2.0' },
  },
  {
    ...{ name: 'imagenet-v2', network: 'MobileNetV2', trainedOn: 'ImageNet', megabytes: 9 },
    ...{ size: 224, features: 1280, licence: 'Apache-2.0' },
  },
];

const toRow = (application: Application): Omit<WeightsRow, 'milliseconds' | 'top1' | 'use'> => ({
  name: application.name,
  network: application.className,
  trainedOn: 'ImageNet',
  megabytes: megabytesOf(application),
  size: application.size,
  features: application.features,
  licence: application.licence ?? null,
});

/** Everything that `--weights` takes by name, the three of the commands' examples first, then from small to large. */
export const weightsRows = (): WeightsRow[] =>
  [...own, ...applications.map(toRow)].map((row) => ({
    ...row,
    top1: accuracies[row.name] ?? null,
    milliseconds: milliseconds[row.name] ?? null,
    use: uses[row.name] ?? '',
  }));

/** The rows as a table, with a word on files. */
export function weightsTable(): string[] {
  const rows = weightsRows().map((row) => [
    ...[row.name, row.network, row.trainedOn, `${row.megabytes} MB`, String(row.size), String(row.features)],
    row.milliseconds === null ? '?' : `${row.milliseconds.toFixed(0)} ms`,
    row.top1 === null ? '' : `${row.top1.toFixed(1)}%`,
    ...[row.licence ?? '?', row.use],
  ]);
  const header = [
    '--weights',
    'network',
    'trained on',
    'weights',
    'pixels',
    'features',
    'a picture',
    'ImageNet',
  ];
  return [
    ...textTable([[...header, 'licence', 'for'], ...rows], { right: [3, 4, 5, 6, 7] }),
    '',
    'A picture: processor time of one thread. ImageNet: top-1 accuracy as Keras publishes it.',
    '--alpha 0.25, 0.5 or 0.75 makes imagenet smaller and faster; imagenet-v2 has widths, too.',
    "All but vggface2 are fetched from Keras's address at the first use, and kept in ~/.keras/models.",
    "Others: a file, as one of Keras's .h5 files or any .onnx model that reads pictures; docs/backbones.md tells how.",
  ];
}

/** Commands that take weights. */
const commands: readonly (string | undefined)[] = ['train', 'features', 'inspect'];

/** Whether arguments ask for the list: `--weights list`, or `--weights` with no value. */
export function asksForWeights(args: readonly string[]): boolean {
  if (!commands.includes(args[0])) return false;
  if (args.includes('--weights=list') || args.includes('--weights=')) return true;
  const at = args.indexOf('--weights');
  if (at < 0) return false;
  const value = args[at + 1];
  return value === undefined || value === 'list' || value.startsWith('--');
}
