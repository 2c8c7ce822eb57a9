import type { Pool } from '#platform';
import type { Engine } from '../../engine/engine.js';
import type { Reporter } from '../reporter.js';
import { byHarm, connect, type Duplicates, duplicatesOf, type Located, nearlyEqual } from './duplicates.js';
import type { Look, LookItem } from './look-worker.js';
import { similarPairs } from './similarity.js';
import { correlation, type Thumbnail } from './thumbnail.js';

/** A picture that can be used. */
export interface Entry extends Located {
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** (D) */
  readonly embedding: Float32Array;
}

/** Files of the same content. */
export function findExact(entries: readonly Entry[]): Duplicates[] {
  return byContent(entries)
    .filter((files) => files.length > 1)
    .map((files) => duplicatesOf(files, 1))
    .sort(byHarm);
}

/** Pictures that look the same though their files differ. */
export async function findNear(
  entries: readonly Entry[],
  { engine, pool, reporter }: { engine: Engine; pool: Pool<LookItem, Look>; reporter: Reporter },
): Promise<Duplicates[]> {
  const groups = byContent(entries);
  const embeddings = groups.map(([first]) => first!.embedding);
  const pairs = await similarPairs(engine, embeddings, nearlyEqual.cosine);
  const wanted = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];
  const thumbnails = new Map<number, Thumbnail>();
  const items = wanted.map((i) => ({ path: groups[i]![0]!.path, content: groups[i]![0]!.content, views: 0 }));
  for await (const outcome of pool.map(items)) {
    reporter.progress('Comparing similar pictures', { done: outcome.index + 1, total: wanted.length });
    if (outcome.ok) thumbnails.set(wanted[outcome.index]!, outcome.value.thumbnail!);
  }
  const alike = pairs.filter(({ a, b }) => {
    const [first, second] = [thumbnails.get(a), thumbnails.get(b)];
    return first && second && correlation(first, second) >= nearlyEqual.correlation;
  });
  return connect(groups.length, alike)
    .map(({ members, cosine }) =>
      duplicatesOf(
        members.flatMap((i) => groups[i]!),
        cosine,
      ),
    )
    .sort(byHarm);
}

/** Entries grouped by what their files hold, in their order. */
function byContent(entries: readonly Entry[]): Entry[][] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const group = groups.get(entry.content);
    if (group) group.push(entry);
    else groups.set(entry.content, [entry]);
  }
  return [...groups.values()];
}
