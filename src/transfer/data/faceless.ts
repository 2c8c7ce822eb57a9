import { NoFaceError } from '../../images/no-face-error.js';

/** Pictures in which faces were looked for. */
export interface FaceCount {
  readonly looked: number;
  /** How many of them have none. */
  readonly faceless: number;
}

/** Counts pictures without a face, those among them that were skipped for it. `faces` is `null` where none are looked for. */
export function countFaces(
  pictures: readonly { readonly faces: number | null }[],
  skipped: readonly { readonly reason: string }[] = [],
): FaceCount {
  const { message } = new NoFaceError();
  const lost = skipped.filter(({ reason }) => reason === message).length;
  return {
    looked: pictures.filter(({ faces }) => faces !== null).length + lost,
    faceless: pictures.filter(({ faces }) => faces === 0).length + lost,
  };
}

/**
 * Says that most pictures have no face, though faces are looked for: 244 photos of ants and bees were told apart at
 * 77% by face weights, at 94% by ImageNet's.
 *
 * @param weights those of the backbone
 * @returns a sentence, where it is so
 */
export function describeFaceless(
  { looked, faceless }: FaceCount,
  { folder, weights }: { folder: string; weights: string | undefined },
): string[] {
  if (2 * faceless <= looked) return [];
  const hint =
    weights === 'vggface2'
      ? 'pictures of other things than faces want `weights` imagenet'
      : 'leave `crop` out to look at pictures as they are';
  return [`No face was found in ${faceless} of ${looked} pictures of ${folder}. Hint: ${hint}.`];
}
