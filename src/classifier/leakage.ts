/** Pictures to test on that show the same thing as pictures that were trained on. */
import type { Engine } from '../engine/engine.js';
import type { BackboneInfo } from './metadata.js';
import { medianCosine, similarAcross } from './similarity.js';

/**
 * From this cosine of two embeddings on, pictures probably show the same thing. Measured with the ImageNet weights of
 * MobileNet; docs/checking-data.md has the table.
 */
export const sameThing = 0.88;

/** Where pictures that have nothing to do with each other are as alike as this, the cosine tells nothing. */
const tooAlike = 0.75;

/**
 * Whether the cosine of embeddings tells that pictures show the same thing: with MobileNet's ImageNet weights. Those of
 * faces are made to give two photos of a person the same embedding, and of other networks nothing was measured.
 */
export const tellsThings = ({ name, weights }: BackboneInfo): boolean =>
  ['mobilenet', 'mobilenet_v2'].includes(name) && weights !== 'vggface2' && weights !== 'random';

/** The median cosine where pictures look too much alike to tell by it which show the same thing, else `null`. */
export function alikeThroughout(embeddings: readonly Float32Array[]): number | null {
  const median = medianCosine(embeddings);
  return median > tooAlike ? median : null;
}

/** A picture with the content of its file and its embedding; without one, contents alone are compared. */
export interface Compared {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** (D) */
  readonly embedding?: Float32Array;
}

/** A picture to test on, and the one of the training pictures that is most like it. */
export interface LeakedPair {
  /** Path of the picture to test on. */
  readonly a: string;
  /** Path of the training picture. */
  readonly b: string;
  /** The cosine of their embeddings; 1 for files of the same content. */
  readonly similarity: number;
}

/** Pictures to test on that are copies of training pictures, or probably show the same thing. */
export interface Leakage {
  /** Pairs of such a picture and a training picture. */
  readonly count: number;
  /** Each such picture with the training picture that is most like it, the most alike first. */
  readonly pairs: readonly LeakedPair[];
  /** How the model does on the other pictures; `null` where there are none. */
  readonly without: { readonly samples: number; readonly accuracy: number } | null;
}

/** Finds the pictures to test on that training has seen, files of the same content first. */
export async function findLeaked(
  held: readonly Compared[],
  training: readonly Compared[],
  engine: Engine,
): Promise<Pick<Leakage, 'count' | 'pairs'>> {
  const trained = new Map<string, Compared[]>();
  for (const picture of training)
    trained.set(picture.content, [...(trained.get(picture.content) ?? []), picture]);
  const copies = held.flatMap(({ path, content }) => {
    const [first, ...others] = trained.get(content) ?? [];
    return first ? [{ a: path, b: first.path, similarity: 1, alike: others.length + 1 }] : [];
  });
  const rest = held.filter(({ content, embedding }) => embedding && !trained.has(content));
  const compared = training.filter(({ embedding }) => embedding);
  const rowsOf = (pictures: readonly Compared[]) => pictures.flatMap(({ embedding }) => embedding ?? []);
  const [rows, others] = [rowsOf(rest), rowsOf(compared)];
  const alike = alikeThroughout(others) === null ? await similarAcross(engine, rows, others, sameThing) : [];
  const found = [
    ...copies,
    ...alike.map(({ a, b, cosine, alike: count }) => ({
      a: rest[a]?.path ?? '',
      b: compared[b]?.path ?? '',
      similarity: cosine,
      alike: count,
    })),
  ];
  return {
    count: found.reduce((sum, pair) => sum + pair.alike, 0),
    pairs: found
      .sort((x, y) => y.similarity - x.similarity)
      .map(({ a, b, similarity }) => ({ a, b, similarity })),
  };
}

/** Adds how the model does on pictures that training has not seen. */
export function withAccuracy(
  leaked: Pick<Leakage, 'count' | 'pairs'>,
  answers: readonly { readonly path: string; readonly isRight: boolean }[],
): Leakage {
  const seen = new Set(leaked.pairs.map(({ a }) => a));
  const others = answers.filter(({ path }) => !seen.has(path));
  const samples = others.length;
  return {
    ...leaked,
    without:
      samples > 0 ? { samples, accuracy: others.filter(({ isRight }) => isRight).length / samples } : null,
  };
}
