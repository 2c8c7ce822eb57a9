import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { unitRow } from '../graph/rows.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { toUnitLength } from '../graph/unit-length.js';
import type { RandomState } from '../keras/random/random-state.js';
import type { Dataset } from './dataset.js';

/** Prototypes of a class. More gain nothing on 50 pictures a class; fewer miss the less common looks. */
const perClass = 8;
const iterations = 20;

/**
 * Directions (D, P) of length 1 that stand for a data set: spherical k-means of each class's embeddings, up to eight.
 *
 * The cosine to the nearest one says how familiar a picture is. Source: Dhillon and Modha, Concept Decompositions for
 * Large Sparse Text Data using Clustering, 2001.
 *
 * @param random chooses the first prototypes, as k-means++ does
 */
export function findPrototypes({ classes, pictures }: Dataset, random: RandomState): Tensor<'float32'> {
  const prototypes = [...classes.keys()].flatMap((label) => {
    const own = pictures.filter((picture) => picture.label === label);
    return sphericalKMeans(
      own.flatMap(({ views }) => views.map(unitRow)),
      Math.min(perClass, own.length),
      random,
    );
  });
  const width = prototypes[0]?.length ?? 0;
  const columns = new Float32Array(width * prototypes.length);
  for (const [p, prototype] of prototypes.entries())
    for (const [d, value] of prototype.entries()) columns[d * prototypes.length + p] = value;
  return float32(columns, [width, prototypes.length]);
}

/** Means of `count` groups of unit vectors, each scaled to length 1. */
function sphericalKMeans(rows: readonly Float32Array[], count: number, random: RandomState): Float32Array[] {
  let means = spreadOut(rows, count, random);
  for (let i = 0; i < iterations; i++) {
    const sums = means.map((mean) => new Float32Array(mean.length));
    for (const row of rows) {
      const sum = sums[nearest(means, row).index];
      if (sum) for (const [d, value] of row.entries()) sum[d] = (sum[d] ?? 0) + value;
    }
    // A group that has lost all its rows keeps its mean.
    const next = sums.map((sum, m) => (sum.some((value) => value !== 0) ? unitRow(sum) : (means[m] ?? sum)));
    const moved = next.some((mean, m) => dot(mean, means[m] ?? mean) < 1 - 1e-6);
    means = next;
    if (!moved) break;
  }
  return means;
}

/** Rows that are far apart: each is drawn by how unlike those before it is. Source: Arthur and Vassilvitskii, 2007. */
function spreadOut(rows: readonly Float32Array[], count: number, random: RandomState): Float32Array[] {
  const chosen: Float32Array[] = [];
  const first = rows[random.randint(0, rows.length)];
  if (first) chosen.push(first);
  while (chosen.length < count) {
    const distances = rows.map((row) => Math.max(0, 1 - nearest(chosen, row).cosine));
    const total = distances.reduce((sum, distance) => sum + distance, 0);
    let left = random.random() * total;
    // Where all rows are alike the last one does as well as any.
    const next =
      rows.find((_, i) => {
        left -= distances[i] ?? 0;
        return left < 0;
      }) ?? rows.at(-1);
    if (!next) break;
    chosen.push(next);
  }
  return chosen;
}

/**
 * How familiar each embedding is.
 *
 * @param prototypes (D, P), from `findPrototypes`
 * @returns the highest cosine to any prototype, from −1 to 1
 */
export function familiarityOf(
  embeddings: readonly Float32Array[],
  prototypes: Tensor<'float32'>,
): Float32Array {
  const [width = 0, count = 0] = prototypes.dims;
  const rows = Array.from({ length: count }, (_, p) =>
    Float32Array.from({ length: width }, (_value, d) => prototypes.data[d * count + p] ?? 0),
  );
  return Float32Array.from(embeddings, (embedding) => nearest(rows, unitRow(embedding)).cosine);
}

/** Writes `familiarityOf`: embedding (N, D) → (N). Needs operator set 18. */
export function writeFamiliarity(g: GraphBuilder, embedding: Value, prototypes: Tensor<'float32'>): Value {
  const unit = toUnitLength(g, embedding, 1);
  const cosines = g.op('MatMul', [unit, g.initializer('prototypes', prototypes)]);
  return g.op('ReduceMax', [cosines, g.ints(1)], { keepdims: 0 });
}

function nearest(means: readonly Float32Array[], row: Float32Array): { index: number; cosine: number } {
  let best = { index: 0, cosine: Number.NEGATIVE_INFINITY };
  for (const [index, mean] of means.entries()) {
    const cosine = dot(mean, row);
    if (cosine > best.cosine) best = { index, cosine };
  }
  return best;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
