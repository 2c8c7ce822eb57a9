import { decodeImage, readPicture } from '#platform';
import type { Prediction } from '../../classifier/classify.js';
import type { Face } from '../../images/faces.js';
import type { Verdict } from './answer.js';
import type { Doubt } from './classify-protocol.js';
import type { Drawn } from './draw.js';
import { type PictureInput, readInput } from './picture-input.js';

/** What is written over a picture: an answer of `classify`, or predictions of any model. */
export interface Labelled {
  /** The likeliest class first. */
  readonly predictions: readonly Prediction[];
  /** Whether it is written that the picture is unknown. Default true: it is known. */
  readonly known?: boolean;
  /** Why it is not known. Default: it is unlike the training pictures. */
  readonly reason?: Doubt | null;
  /** A face to frame. Default: none. */
  readonly face?: Pick<Face, 'box'> | null;
  /** Faces to frame, each with its own label, where there are several. Default: none. */
  readonly faces?: readonly Verdict[];
}

/**
 * Writes a picture with its label in red on a black border; faces are framed. The article does this with OpenCV's
 * `copyMakeBorder` and `putText`.
 *
 * @param path the file to write: a JPEG where it ends so, else a PNG
 * @throws ImageError where the input is no picture
 *
 * @example
 * await saveLabelled('photo.jpg', await classifier.classify('photo.jpg'), 'labelled.jpg');
 */
export async function saveLabelled(input: PictureInput, answer: Labelled, path: string): Promise<void> {
  const read = await readInput(input);
  const file = typeof read === 'string' ? await readPicture(read) : read;
  const image = file instanceof Uint8Array ? await decodeImage(file) : file;
  const { faces = [] } = answer;
  const drawn = faces.length > 1 ? faces : [answer];
  const { saveLabelled: draw } = await import('./draw.js');
  await draw(image, drawn.map(toDrawn), path);
}

function toDrawn({ predictions, known = true, reason, face }: Labelled): Drawn {
  const box = face && ([face.box.left, face.box.top, face.box.right, face.box.bottom] as const);
  return { predictions, box, doubt: known ? null : (reason ?? 'stranger') };
}
