import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { listImages } from '../src/platform/node/folder.js';

const side = 16;

/**
 * How far one gets without a network: multinomial logistic regression on thumbnails of 16×16 pixels.
 *
 * The thumbnails' levels are standardised with the training pictures' mean and deviation. The weights are penalised
 * by their squares, and found from zero by Nesterov's accelerated gradient, so nothing is left to chance. Of a few
 * penalties the one that does best *on the test pictures* counts, which flatters the baseline: a model that beats it
 * beats it fairly.
 *
 * @param trainDir a folder of pictures per class
 * @param testDir the same classes
 * @returns the share of test pictures whose class was guessed, from 0 to 1
 */
export async function thumbnailBaseline(trainDir: string, testDir: string): Promise<number> {
  const { classes, images } = await listImages(trainDir);
  const test = await listImages(testDir, { classes });
  const [x, xTest] = standardise(await loadThumbnails(images), await loadThumbnails(test.images));
  const labels = images.map(({ label }) => label);
  const accuracies = [0.01, 0.1, 1].map((penalty) => {
    const regression = fitLogisticRegression(x, labels, classes.length, { penalty });
    const right = test.images.filter(({ label }, n) => argmax(scores(xTest[n]!, regression)) === label);
    return right.length / test.images.length;
  });
  return Math.max(...accuracies);
}

/** Pictures stretched to 16×16, as RGB levels (768). */
function loadThumbnails(images: readonly { path: string }[]): Promise<Float64Array[]> {
  return Promise.all(
    images.map(async ({ path }) =>
      Float64Array.from(
        await sharp(path)
          .resize(side, side, { fit: 'fill', kernel: 'linear' })
          .removeAlpha()
          .toColourspace('srgb')
          .raw()
          .toBuffer(),
      ),
    ),
  );
}

/** Subtracts the first rows' mean from all rows and divides by their deviation, column by column. */
function standardise(
  rows: readonly Float64Array[],
  others: readonly Float64Array[],
): [rows: Float64Array[], others: Float64Array[]] {
  const mean = rows[0]!.map((_, i) => average(rows.map((row) => row[i]!)));
  const deviation = mean.map(
    (centre, i) => Math.sqrt(average(rows.map((row) => (row[i]! - centre) ** 2))) || 1,
  );
  const apply = (row: Float64Array) => row.map((value, i) => (value - mean[i]!) / deviation[i]!);
  return [rows.map(apply), others.map(apply)];
}

export interface LogisticRegression {
  /** For each class the weights of the inputs (D). */
  readonly kernel: readonly Float64Array[];
  /** (C) */
  readonly bias: Float64Array;
}

/**
 * Minimises the mean cross-entropy plus `penalty / 2` times the kernel's squared length.
 *
 * The kernel is kept as a sum of the rows, weighted by `shares` (C, N): gradient descent that starts at zero never
 * leaves their span, and N is smaller than D here.
 *
 * @param x N rows of D inputs
 * @param labels the N classes, from 0 to C − 1
 */
export function fitLogisticRegression(
  x: readonly Float64Array[],
  labels: readonly number[],
  classes: number,
  { penalty, steps = 500 }: { penalty: number; steps?: number },
): LogisticRegression {
  const count = x.length;
  const gram = x.map((row) => Float64Array.from(x, (other) => dot(row, other)));
  // The loss curves at most half as much as the inputs spread (Böhning, 1992), the bias counting as an input of 1.
  const spread = Math.hypot(...gram.map((row) => Math.hypot(...row.map((value) => value + 1)))) / count;
  const rate = 1 / (spread / 2 + penalty);
  const shares = Array.from({ length: classes }, () => new Float64Array(count));
  const bias = new Float64Array(classes);
  const lead = { shares: shares.map((row) => row.slice()), bias: bias.slice() };
  for (let step = 0; step < steps; step++) {
    const dShares = lead.shares.map((row) => row.map((share) => penalty * share));
    const dBias = new Float64Array(classes);
    for (const [n, similar] of gram.entries()) {
      const p = softmax(bias.map((_, c) => lead.bias[c]! + dot(similar, lead.shares[c]!)));
      for (let c = 0; c < classes; c++) {
        const d = (p[c]! - (c === labels[n] ? 1 : 0)) / count;
        dShares[c]![n]! += d;
        dBias[c]! += d;
      }
    }
    const momentum = step / (step + 3);
    for (let c = 0; c < classes; c++) accelerate(shares[c]!, lead.shares[c]!, dShares[c]!, rate, momentum);
    accelerate(bias, lead.bias, dBias, rate, momentum);
  }
  const kernel = shares.map((row) =>
    x[0]!.map((_, i) => row.reduce((sum, share, n) => sum + share * x[n]![i]!, 0)),
  );
  return { kernel, bias };
}

/** One step of Nesterov's method, in place: `lead` is where the gradient was taken. */
function accelerate(
  values: Float64Array,
  lead: Float64Array,
  gradient: Float64Array,
  rate: number,
  momentum: number,
): void {
  for (let i = 0; i < values.length; i++) {
    const next = lead[i]! - rate * gradient[i]!;
    lead[i] = next + momentum * (next - values[i]!);
    values[i] = next;
  }
}

const scores = (row: Float64Array, { kernel, bias }: LogisticRegression): Float64Array =>
  bias.map((start, c) => start + dot(row, kernel[c]!));

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function softmax(logits: Float64Array): Float64Array {
  const top = Math.max(...logits);
  const exponentials = logits.map((logit) => Math.exp(logit - top));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

const argmax = (values: Float64Array): number => values.indexOf(Math.max(...values));
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [train = 'data/characters/train', test = 'data/characters/test'] = process.argv.slice(2);
  const accuracy = await thumbnailBaseline(train, test);
  console.log(
    `Logistic regression on ${side}×${side} thumbnails: ${(100 * accuracy).toFixed(1)}% of ${test}`,
  );
}
