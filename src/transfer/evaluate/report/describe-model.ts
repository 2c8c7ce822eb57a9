import type { ModelMetadata } from '../../../classifier/metadata.js';
import { count, percent } from './markup.js';
import type { FactGroup } from './report.js';
import type { TrainingRecord } from './training-record.js';

type Fact = readonly [name: string, value: string | number | null | undefined];

/** All that a model's file, and the record of its training, tell about it. */
export function describeModel(
  { labels, preprocessing, backbone, metrics, licences, strangers, precision }: ModelMetadata,
  {
    path,
    bytes,
    sha256,
    record,
  }: { path: string; bytes: number; sha256: string; record: TrainingRecord | null },
): FactGroup[] {
  const { size, crop, noFace, exif, channels, mean, scale } = preprocessing;
  const [height, width] = size;
  return [
    group('Model', [
      ['File', path],
      ['Size', `${(bytes / 1e6).toFixed(1)} MB`],
      ['SHA-256', sha256],
      ['Weights stored as', precision ?? 'fp32'],
      ['Backbone', backbone?.name],
      ['Width', backbone?.alpha],
      ['Weights', backbone?.weights],
      ['Features', backbone?.output],
      ['Weights’ SHA-256', backbone?.sha256],
      ['Classes', labels.length],
      ['Unknown', describeStrangers(strangers)],
    ]),
    group('Preprocessing', [
      ['Part', crops[crop]],
      ['Without a face', crop === 'face' ? (noFace === 'skip' ? 'refused' : 'the whole picture') : null],
      ['Size', `${width} × ${height} pixels`],
      ['Turned by EXIF', exif ? 'yes' : 'no'],
      ['Channels', channels],
      ['Mean', mean.join(', ')],
      ['Scale', Array.isArray(scale) ? scale.map(short).join(', ') : short(scale as number)],
    ]),
    ...(record ? [describeTraining(record)] : []),
    ...(metrics
      ? [
          group('Measured in training', [
            ['Pictures', metrics.samples],
            ['Accuracy', percent(metrics.accuracy)],
            ['Loss', metrics.loss.toFixed(4)],
          ]),
        ]
      : []),
    group(
      'Licences',
      (licences ?? []).map(({ work, licence, credit }) => [work, credit ? `${licence}, ${credit}` : licence]),
    ),
  ].filter(({ facts }) => facts.length > 0);
}

const crops = {
  none: 'the whole picture',
  center: 'the square in the middle',
  face: 'the largest face',
} as const;

const short = (value: number): string => String(Number(value.toPrecision(6)));

const describeStrangers = (rule: ModelMetadata['strangers']): string =>
  rule
    ? `told ${rule.mode}, from a score of ${rule.threshold.toFixed(4)} on a picture is known`
    : 'every picture is taken for one of the classes';

function describeTraining({
  head,
  temperature,
  bestEpoch,
  counts,
  labels,
  settings,
}: TrainingRecord): FactGroup {
  const total = counts.reduce((sum, number) => sum + number, 0);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return group('Training', [
    [
      'Pictures',
      `${total.toLocaleString('en')}, ${least === most ? least : `${least}–${most}`} a class, ${count(labels.length, 'class', 'classes')}`,
    ],
    ['Head', head.map((part) => (part === 'dense' ? 'dense layers' : 'logistic regression')).join(' and ')],
    ['Temperature', head.includes('dense') ? temperature.toFixed(3) : null],
    ['Epoch kept', bestEpoch || null],
    ...Object.entries(settings).map(
      ([name, value]): Fact => [wordsOf(name), Array.isArray(value) ? value.join(', ') : String(value)],
    ),
  ]);
}

/** `batchSize` → `Batch size` */
const wordsOf = (name: string): string =>
  name
    .replace(/^./, (c) => c.toUpperCase())
    .replace(/[A-Z]/g, (c, at: number) => (at > 0 ? ` ${c.toLowerCase()}` : c));

const group = (title: string, facts: readonly Fact[]): FactGroup => ({
  title,
  facts: facts.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)] as const],
  ),
});
