import type { Engine } from '../../engine/engine.js';
import { GraphBuilder } from '../../graph/builder.js';
import { encodeModel } from '../../graph/onnx.js';
import { joinFloats, unitRow } from '../../graph/rows.js';
import { float32 } from '../../graph/tensor.js';

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
  const count = embeddings.length;
  const [first] = embeddings;
  if (!first || count < 2) return [];
  const width = first.length;
  const unit = embeddings.map(unitRow);
  const columns = new Float32Array(width * count);
  for (const [j, row] of unit.entries())
    for (const [d, value] of row.entries()) columns[d * count + j] = value;

  const g = new GraphBuilder('similarity');
  const rows = g.input('rows', 'float32', ['N', width]);
  const others = g.input('others', 'float32', [width, count]);
  g.output('cosines', g.op('MatMul', [rows, others]), 'float32', ['N', count]);
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 13 }));
  const pairs: Pair[] = [];
  try {
    for (let start = 0; start < count; start += rowsAtOnce) {
      const block = unit.slice(start, start + rowsAtOnce);
      const data = joinFloats(block);
      const { cosines } = await session.run({
        rows: float32(data, [block.length, width]),
        others: float32(columns, [width, count]),
      });
      const values = cosines?.data as Float32Array;
      for (let i = 0; i < block.length; i++)
        for (let b = start + i + 1; b < count; b++) {
          const cosine = values[i * count + b]!;
          if (cosine >= least) pairs.push({ a: start + i, b, cosine });
        }
    }
  } finally {
    await session.release();
  }
  return pairs;
}
