import { basename, join, relative } from 'node:path';
import type { OutputFolder, Pool } from '#platform';
import type { SkippedPicture } from '../../classifier/dataset.js';
import type { Preprocessing } from '../../graph/preprocessing.js';

import type { Card, Mark } from './contact-sheet.js';
import type { Duplicates, Split } from './duplicates.js';
import type { Entry } from './find-duplicates.js';
import type { Look, LookItem } from './look-worker.js';

/** The pictures of one class. */
export interface ClassOfPictures {
  readonly label: string;
  readonly entries: readonly Entry[];
  readonly skipped: readonly SkippedPicture[];
}

/** The facts that a look at a picture found. */
export type Seen = Omit<Look, 'tiles' | 'thumbnail'>;

export interface SheetOptions {
  /** Threads that look at pictures. */
  readonly pool: Pool<LookItem, Look>;
  /** The folder of each split. */
  readonly folders: Readonly<Partial<Record<Split, string>>>;
  /** Crop and size of the backbone's pictures. */
  readonly preprocessing: Preprocessing;
  /** Views to show of each picture to train on, itself included. */
  readonly views: number;
  /** Height and width of a tile. */
  readonly tile: number;
  /** Pictures to show of each split. */
  readonly most: number;
  /** Marks of copies, by path. */
  readonly marks: ReadonlyMap<string, readonly Mark[]>;
  /** The folder to write to. */
  readonly output: OutputFolder;
  /** Called after each picture. */
  readonly onLook: () => void;
}

/** Looks at every picture of a class and writes its sheet. */
export async function writeSheet(
  { label, entries, skipped }: ClassOfPictures,
  { pool, folders, preprocessing, views, tile, most, marks, output, onLook }: SheetOptions,
): Promise<{ name: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const sections = [];
  for (const [split, folder] of Object.entries(folders) as [Split, string][]) {
    const ofSplit = entries.filter((entry) => entry.split === split);
    const paths = ofSplit.map(({ path }) => path);
    const shown = choose(paths, most, (path) => marks.has(path));
    const cards: Card[] = [];
    const items = ofSplit.map(({ path, content }) => ({
      path,
      content,
      views: split === 'train' ? views : 1,
    }));
    for await (const outcome of pool.map(items)) {
      // Extraction read this very picture a moment ago.
      if (!outcome.ok) {
        const { error, item } = outcome;
        throw Object.assign(error, { message: `${item.path}: ${error.message}` });
      }
      const { tiles, thumbnail, ...rest } = outcome.value;
      const { path } = outcome.item;
      seen.push(rest);
      onLook();
      if (!shown.has(path)) continue;
      const faceless: Mark[] = rest.faces === 0 ? ['no face'] : [];
      cards.push({
        name: relative(join(folder, label), path),
        tiles,
        marks: [...(marks.get(path) ?? []), ...faceless],
      });
    }
    sections.push({ title: titleOf(folder, ofSplit.length, shown.size), cards });
  }
  const name = `${label}.png`;
  const notes = skipped.map(({ path, reason }) => `skipped ${basename(path)}: ${reason}`);
  const subtitle = describe(preprocessing, views);
  // Jimp, which draws, takes long to load: other commands start without it.
  const { drawSheet } = await import('./contact-sheet.js');
  await output.write(name, await drawSheet({ title: label, subtitle, sections, notes, tile }));
  return { name, seen };
}

/** The marks of pictures that are there more than once, by path. */
export function markDuplicates(groups: readonly Duplicates[]): Map<string, Mark[]> {
  const marks = new Map<string, Mark[]>();
  for (const { pictures, acrossClasses, acrossSplits } of groups)
    for (const { path } of pictures)
      marks.set(path, [
        ...(marks.get(path) ?? []),
        acrossClasses ? 'conflict' : acrossSplits ? 'leak' : 'copy',
      ]);
  return marks;
}

/** As many of the values: first those that matter, then others, from the first to the last. */
function choose<T>(values: readonly T[], most: number, matters: (value: T) => boolean): Set<T> {
  const first = values.filter(matters).slice(0, most);
  const rest = values.filter((value) => !matters(value));
  const count = Math.min(rest.length, most - first.length);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * rest.length) / count));
  return new Set([...first, ...chosen.flatMap((i) => rest.slice(i, i + 1))]);
}

const titleOf = (folder: string, count: number, shown: number): string =>
  `${folder}: ${count} ${count === 1 ? 'picture' : 'pictures'}${shown < count ? `, ${shown} of them shown` : ''}`;

/** The preprocessing in a few words. */
function describe({ size: [height, width], crop, exif }: Preprocessing, views: number): string {
  const crops = { face: 'cropped to the face', center: 'cropped to the middle', none: 'not cropped' };
  return [
    `As the backbone sees it: ${exif ? 'upright, ' : ''}${crops[crop]}, ${width}x${height} pixels`,
    ...(views > 1 ? [`${views} views each in training, the first the picture itself`] : []),
  ].join('; ');
}
