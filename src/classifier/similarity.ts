import type { Engine } from '../engine/engine.js';
import { GraphBuilder } from '../graph/builder.js';
import { encodeModel } from '../graph/onnx.js';
import { joinFloats, unitRow } from '../graph/rows.js';
import { float32 } from '../graph/tensor.js';

/** Two rows, the first before the second, and the cosine of the angle between them. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly cosine: number;
}

/** Rows that are compared with all others at once: 20,000 rows make 20 MB of cosines. */
const rowsAtOnce = 256;

/**
 * Finds the pairs of embeddings (D) that point the same way: a matrix product, which the engine runs in blocks.
 *
 * @param least the cosine from which a pair counts
 */
export async function similarPairs(
  engine: Engine,
  embeddings: readonly Float32Array[],
  least: number,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  if (embeddings.length < 2) return pairs;
  await compare(engine, embeddings, embeddings, (a, cosines) => {
    for (let b = a + 1; b < cosines.length; b++) {
      const cosine = cosines[b]!;
      if (cosine >= least) pairs.push({ a, b, cosine });
    }
  });
  return pairs;
}

/** The one of other rows that is most like a row, and how many of them are alike. */
export interface Nearest extends Pair {
  /** How many of the other rows have the cosine that counts, or more. */
  readonly alike: number;
}

/**
 * Finds, for each of the embeddings (D), the most similar one of others, as `similarPairs` does.
 *
 * @param least the cosine from which a pair counts: rows that have none are left out
 */
export async function similarAcross(
  engine: Engine,
  embeddings: readonly Float32Array[],
  others: readonly Float32Array[],
  least: number,
): Promise<Nearest[]> {
  const found: Nearest[] = [];
  if (embeddings.length === 0 || others.length === 0) return found;
  await compare(engine, embeddings, others, (a, cosines) => {
    let [b, alike] = [0, 0];
    for (let i = 0; i < cosines.length; i++) {
      if (cosines[i]! >= least) alike++;
      if (cosines[i]! > cosines[b]!) b = i;
    }
    if (alike > 0) found.push({ a, b, cosine: cosines[b] ?? Number.NaN, alike });
  });
  return found;
}

/** Calls `onRow` with the cosines of each row to all others (M), which are gone after the call. */
async function compare(
  engine: Engine,
  embeddings: readonly Float32Array[],
  others: readonly Float32Array[],
  onRow: (row: number, cosines: Float32Array) => void,
): Promise<void> {
  const width = others[0]?.length ?? 0;
  const count = others.length;
  const columns = new Float32Array(width * count);
  for (const [j, other] of others.entries()) {
    const unit = unitRow(other);
    for (let d = 0; d < width; d++) columns[d * count + j] = unit[d]!;
  }

  const g = new GraphBuilder('similarity');
  const rows = g.input('rows', 'float32', ['N', width]);
  const columnsIn = g.input('others', 'float32', [width, count]);
  g.output('cosines', g.op('MatMul', [rows, columnsIn]), 'float32', ['N', count]);
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 13 }));
  try {
    for (let start = 0; start < embeddings.length; start += rowsAtOnce) {
      const block = embeddings.slice(start, start + rowsAtOnce).map(unitRow);
      const { cosines } = await session.run({
        rows: float32(joinFloats(block), [block.length, width]),
        others: float32(columns, [width, count]),
      });
      const values = cosines?.data as Float32Array;
      for (let i = 0; i < block.length; i++) onRow(start + i, values.subarray(i * count, (i + 1) * count));
    }
  } finally {
    await session.release();
  }
}

/** Pairs that are looked at to tell how alike pictures are that have nothing to do with each other. */
const sampled = 1000;

/** The median cosine of pairs of rows, from a sample spread over all of them; 0 where there is no pair. */
export function medianCosine(embeddings: readonly Float32Array[]): number {
  const count = embeddings.length;
  const cosines: number[] = [];
  for (let i = 0; count > 1 && i < sampled; i++) {
    const a = i % count;
    // Steps of another length in each round, none of which leads back to the row itself.
    const b = (a + 1 + ((Math.floor(i / count) * 7 + a * 13) % (count - 1))) % count;
    const [first, second] = [embeddings[a], embeddings[b]];
    if (first && second) cosines.push(cosineOf(first, second));
  }
  return cosines.sort((a, b) => a - b)[cosines.length >> 1] ?? 0;
}

/** The cosine of the angle between two rows; 0 where one has no length. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squareA += a[i]! ** 2;
    squareB += b[i]! ** 2;
  }
  return product / (Math.sqrt(squareA * squareB) || 1);
}
