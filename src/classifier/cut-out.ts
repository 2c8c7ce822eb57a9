/** From a picture to the parts of it that a model is shown: one way for training, command line and pages. */

import type { Preprocessing } from '../graph/preprocessing.js';
import { cropFace } from '../images/faces/crop.js';
import { cropImage } from '../images/faces/crop-image.js';
import type { FaceDetector } from '../images/faces/detector.js';
import type { Face } from '../images/faces/face.js';
import type { Image } from '../images/image.js';
import { NoFaceError } from '../images/no-face-error.js';

/** Decodes a picture file to RGB, as `decodeImage` of the platform does. Throws an ImageError. */
export type Decode = (
  file: Uint8Array,
  options: { readonly exif: boolean; readonly maxPixels?: number },
) => Promise<Image>;

export interface CutOutOptions {
  /** The part to cut out, the way with pictures without a face, and whether EXIF turns pictures upright. */
  readonly preprocessing: Pick<Preprocessing, 'crop' | 'noFace' | 'exif'>;
  /** Decodes files; pixels need none. */
  readonly decode: Decode;
  /** Needed where faces are cropped. */
  readonly detector: FaceDetector | null;
  /** The most pixels a picture may have. Default: the decoder's. */
  readonly maxPixels?: number;
  /** Cuts out every face rather than the largest, where faces are cropped. Default false. */
  readonly allFaces?: boolean;
}

export interface CutOut {
  /** The whole picture, upright. */
  readonly picture: Image;
  /** The faces that were found, where they are looked for, the largest first. */
  readonly faces: readonly Face[];
  /** The parts to look at. */
  readonly parts: readonly [Part, ...Part[]];
}

export interface Part {
  readonly image: Image;
  /** The face that was cut out; null where it was something else. */
  readonly face: Face | null;
}

/**
 * Decodes a picture, turns it upright and cuts out the parts that a model is trained to look at.
 *
 * @param picture a file, or pixels as RGB
 * @throws ImageError when the file is no picture, NoFaceError when it has no face and the model wants one
 */
export async function cutOut(
  picture: Uint8Array | Image,
  { preprocessing, decode, detector, maxPixels, allFaces = false }: CutOutOptions,
): Promise<CutOut> {
  const { crop, noFace, exif } = preprocessing;
  const whole = picture instanceof Uint8Array ? await decode(picture, { exif, maxPixels }) : picture;
  const [first, ...others] = allFaces && detector ? await detector.detect(whole, { all: true }) : [];
  const cutFace = (face: Face): Part => ({ image: cropFace(whole, face), face });
  if (first)
    return {
      picture: whole,
      faces: [first, ...others],
      parts: [cutFace(first), ...others.map(cutFace)],
    };
  const { image, faces } = await cropImage(whole, { crop, noFace, detector: detector ?? undefined });
  if (!image) throw new NoFaceError();
  return { picture: whole, faces, parts: [{ image, face: faces[0] ?? null }] };
}
