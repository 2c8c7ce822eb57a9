import type { Pool } from '#platform';
import { sameThing } from '../../classifier/leakage.js';
import { type Pair, similarPairs } from '../../classifier/similarity.js';
import type { Engine } from '../../engine/engine.js';
import type { Reporter } from '../reporter.js';
import { byHarm, connect, type Duplicates, duplicatesOf, type Located, nearlyEqual } from './duplicates.js';
import type { Look, LookItem } from './look-worker.js';
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
    .filter(({ entries: files }) => files.length > 1)
    .map(({ entries: files }) => duplicatesOf(files, 1))
    .sort(byHarm);
}

export interface FindNearOptions {
  readonly engine: Engine;
  readonly pool: Pool<LookItem, Look>;
  readonly reporter: Reporter;
  /** Whether the cosine of embeddings alone tells that pictures show the same thing. */
  readonly tellsThings: boolean;
}

export interface NearFound {
  /** Pictures that look the same though their files differ. */
  readonly near: Duplicates[];
  /** Pictures that look different, and probably show the same thing. */
  readonly sameThing: Duplicates[];
}

/** Finds pictures that are copies of one another, and such as were cropped, framed, turned or lost their colours. */
export async function findNear(
  entries: readonly Entry[],
  { engine, pool, reporter, tellsThings }: FindNearOptions,
): Promise<NearFound> {
  const groups = byContent(entries);
  const embeddings = groups.map(({ first }) => first.embedding);
  const pairs = await similarPairs(engine, embeddings, nearlyEqual.cosine);
  const wanted = new Set(pairs.flatMap(({ a, b }) => [a, b]));
  const items = groups.flatMap(({ first: { path, content } }, group) =>
    wanted.has(group) ? [{ path, content, views: 0 }] : [],
  );
  const thumbnails = new Map<string, Thumbnail>();
  for await (const outcome of pool.map(items)) {
    reporter.progress('Comparing similar pictures', { done: outcome.index + 1, total: items.length });
    const thumbnail = outcome.ok && outcome.value.thumbnail;
    if (thumbnail) thumbnails.set(outcome.item.path, thumbnail);
  }
  const alike = pairs.filter(({ a, b }) => {
    const [first, second] = [a, b].map((group) => thumbnails.get(groups[group]?.first.path ?? ''));
    return first && second && correlation(first, second) >= nearlyEqual.correlation;
  });
  const toDuplicates = (found: ReturnType<typeof connect>) =>
    found
      .map(({ members, cosine }) =>
        duplicatesOf(
          members.flatMap((i) => groups[i]?.entries ?? []),
          cosine,
        ),
      )
      .sort(byHarm);
  const nearGroups = connect(groups.length, alike);
  const groupOf = new Map(nearGroups.flatMap(({ members }, group) => members.map((i) => [i, group])));
  const isListed = ({ a, b }: Pair) => groupOf.has(a) && groupOf.get(a) === groupOf.get(b);
  const things = tellsThings ? pairs.filter((pair) => pair.cosine >= sameThing && !isListed(pair)) : [];
  return { near: toDuplicates(nearGroups), sameThing: toDuplicates(connect(groups.length, things)) };
}

/** Files of one content. */
interface Files {
  readonly first: Entry;
  readonly entries: Entry[];
}

/** Entries grouped by the content of their files, in their order. */
function byContent(entries: readonly Entry[]): Files[] {
  const groups = new Map<string, Files>();
  for (const entry of entries) {
    const group = groups.get(entry.content);
    if (group) group.entries.push(entry);
    else groups.set(entry.content, { first: entry, entries: [entry] });
  }
  return [...groups.values()];
}
