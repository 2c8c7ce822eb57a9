import type { Pair } from '../../classifier/similarity.js';

/**
 * From which cosine of two embeddings on, and from which correlation of two thumbnails on, pictures are taken for one.
 *
 * Measured with copies of 50 photos each, saved as JPEG of quality 75 and 40, shrunk to 60%, cut by 2% on every side,
 * brightened, mirrored, beside the pairs of different photos that are most alike:
 *
 * | | cosine of copies, 5th percentile | of others, highest | correlation of copies, lowest | of others, highest |
 * |---|---|---|---|---|
 * | trashnet, imagenet   | 0.88 | 0.85 | 0.978 | 0.948 |
 * | ORL faces, vggface2  | 0.89 | 0.98 | 0.947 | 0.995 |
 * | characters, vggface2 | 0.91 | 0.95 | 0.964 | 0.972 |
 *
 * Embeddings of faces are made to forget which photo of a person it is, so they alone cannot tell; thumbnails alone
 * would do, but comparing a whole set needs them all, while embeddings are there already. So embeddings propose and
 * thumbnails decide. Above both, ORL has photos of a person sitting still, a moment apart: they are worth knowing of,
 * too. Mirrored pictures are compared by mirrored thumbnails.
 */
export const nearlyEqual = { cosine: 0.85, correlation: 0.98 } as const;

/** A picture as far as duplicates are concerned. */
export interface Located {
  readonly path: string;
  readonly split: Split;
  /** Name of the class. */
  readonly label: string;
}

export type Split = 'train' | 'validation';

/** Pictures that are one and the same. */
export interface Duplicates {
  /** In the order of the folders. */
  readonly pictures: readonly Located[];
  /** The least cosine of the pairs that were found; 1 for files of the same content. */
  readonly similarity: number;
  /** In more than one class: at least one of the labels is wrong. */
  readonly acrossClasses: boolean;
  /** In both splits: validation is then on pictures that were trained on. */
  readonly acrossSplits: boolean;
}

/** Groups of members that pairs connect, each in ascending order, by their first. */
export function connect(count: number, pairs: readonly Pair[]): { members: number[]; cosine: number }[] {
  /** Each member's parent; roots have none. */
  const parents = new Map<number, number>();
  const rootOf = (i: number): number => {
    let root = i;
    for (let next = parents.get(root); next !== undefined; next = parents.get(root)) root = next;
    if (root !== i) parents.set(i, root);
    return root;
  };
  for (const { a, b } of pairs) {
    const [x, y] = [rootOf(a), rootOf(b)];
    if (x !== y) parents.set(Math.max(x, y), Math.min(x, y));
  }
  const groups = new Map<number, { members: number[]; cosine: number }>();
  for (let i = 0; i < count; i++) {
    const root = rootOf(i);
    const group = groups.get(root) ?? { members: [], cosine: 1 };
    group.members.push(i);
    groups.set(root, group);
  }
  for (const { a, cosine } of pairs) {
    const group = groups.get(rootOf(a));
    if (group) group.cosine = Math.min(group.cosine, cosine);
  }
  return [...groups.values()].filter(({ members }) => members.length > 1);
}

export function duplicatesOf(pictures: readonly Located[], similarity: number): Duplicates {
  return {
    pictures: pictures.map(({ path, split, label }) => ({ path, split, label })),
    similarity,
    acrossClasses: new Set(pictures.map(({ label }) => label)).size > 1,
    acrossSplits: new Set(pictures.map(({ split }) => split)).size > 1,
  };
}

/** Puts the most harmful first. */
export const byHarm = (a: Duplicates, b: Duplicates): number => harm(b) - harm(a);

const harm = ({ acrossClasses, acrossSplits }: Duplicates): number =>
  2 * Number(acrossClasses) + Number(acrossSplits);
