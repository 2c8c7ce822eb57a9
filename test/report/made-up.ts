/** Reports without a model: answers and pictures that are drawn here. */
import sharp from 'sharp';
import { RandomState } from '../../src/keras/random/random-state.js';
import type { Answer, Report, SmallPicture } from '../../src/transfer/evaluate/report/report.js';

/** A picture of stripes in colours of its own, as WebP. */
export async function drawSmall(seed: number, width = 96, height = 72): Promise<SmallPicture> {
  const random = new RandomState(seed);
  const [light, dark] = [random.uniform(120, 255, 3), random.uniform(0, 120, 3)];
  const noise = random.uniform(-12, 12, width * height);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    const isLight = ((pixel % width) + seed) % 24 < 12;
    return Math.max(0, Math.min(255, ((isLight ? light : dark)[at % 3] ?? 0) + (noise[pixel] ?? 0)));
  });
  const file = await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: 60 })
    .toBuffer();
  return { type: 'image/webp', bytes: new Uint8Array(file), width, height };
}

/** An answer with `sure` for the class `taken`, and the rest for the given one, or for the next where that is the same. */
export function answerOf(
  path: string,
  { label, taken, sure, classes }: { label: number; taken: number; sure: number; classes: number },
  known?: boolean,
): Answer {
  const other = label === taken ? (taken + 1) % classes : label;
  const probabilities = new Float64Array(classes);
  probabilities[taken] = sure;
  probabilities[other] = 1 - sure;
  return { path, label, probabilities, ...(known === undefined ? {} : { known }) };
}

/** A report with nothing but answers; more of it is given. */
export const reportOf = (
  labels: readonly string[],
  answers: readonly Answer[],
  more: Partial<Report> = {},
): Report => ({
  kind: 'test',
  folder: 'photos/test',
  model: 'onnx/model.onnx',
  date: new Date('2026-03-01T12:30:00Z'),
  version: '9.9.9',
  labels,
  answers,
  thumbnails: null,
  closeUps: new Map(),
  noHeat: null,
  counts: null,
  strangers: null,
  history: null,
  bestEpoch: 0,
  skipped: [],
  facts: [],
  ...more,
});

/** Right answers and errors of three classes, with thumbnails and close-ups of all, and every section. */
export async function fullReport(): Promise<Report> {
  const labels = ['glass', 'metal', 'paper'];
  const rows: (readonly [label: number, taken: number, sure: number])[] = [
    ...([
      [0, 0, 0.9],
      [0, 0, 0.8],
      [0, 1, 0.7],
      [0, 1, 0.95],
      [1, 1, 0.99],
      [1, 1, 0.6],
    ] as const),
    ...([
      [1, 2, 0.55],
      [2, 2, 0.97],
      [2, 2, 0.51],
      [2, 2, 0.88],
    ] as const),
  ];
  const answers = rows.map(([label, taken, sure], i) =>
    answerOf(`photos/test/${labels[label]}/${i}.jpg`, { label, taken, sure, classes: 3 }, i !== 3),
  );
  const paths = [...answers.map(({ path }) => path), 'photos/train/glass/a.jpg'];
  const thumbnails = new Map<string, SmallPicture>();
  for (const [i, path] of paths.entries()) thumbnails.set(path, await drawSmall(i));
  const [photo, heat, image] = [
    await drawSmall(1, 160, 120),
    await drawSmall(2, 32, 32),
    await drawSmall(3, 96, 96),
  ];
  const corners = [
    [0.25, 0.2],
    [0.75, 0.2],
    [0.75, 0.9],
    [0.25, 0.9],
  ] as const;
  const closeUps = new Map(answers.map(({ path }) => [path, { photo, part: { image, corners }, heat }]));
  return reportOf(labels, answers, {
    ...{ thumbnails, closeUps, counts: [50, 4, 20], bestEpoch: 2 },
    strangers: {
      ...{ mode: 'far', threshold: 0.6, folder: 'photos/others' },
      ...{
        known: [0.9, 0.8, 0.7, 0.65, 0.5, 0.85],
        strange: [0.2, 0.3, 0.55, 0.7].map((score) => ({ path: `photos/others/${score}.jpg`, score })),
      },
    },
    history: {
      ...{ loss: [1.2, 0.5, 0.2], accuracy: [0.4, 0.8, 0.95] },
      ...{ val_loss: [1.1, 0.7, 0.8], val_accuracy: [0.5, 0.75, 0.7] },
    },
    suspectLabels: [{ path: answers[3]?.path ?? '', given: 0, probability: 0.05, likely: 1 }],
    leakage: {
      pairs: [{ a: answers[0]?.path ?? '', b: 'photos/train/glass/a.jpg', similarity: 0.934 }],
      without: { samples: 9, accuracy: 6 / 9 },
    },
    skipped: [{ path: 'photos/test/paper/broken.jpg', reason: 'Expected a picture.' }],
    facts: [
      {
        title: 'Model',
        facts: [
          ['File', 'onnx/model.onnx'],
          ['Size', '5.1 MB'],
        ],
      },
    ],
  });
}
