import type { Image } from '../image.js';
import { cropCenter, cropFace, type FaceCropOptions } from './crop.js';
import type { FaceDetector } from './detector.js';
import type { Face } from './face.js';

export interface CropOptions extends FaceCropOptions {
  /** The part to cut out: the largest face, the largest square in the middle, or nothing (the picture stays whole). */
  crop: 'face' | 'center' | 'none';
  /** Whether a picture without a face is taken whole or left out. Default: `whole`. */
  noFace?: 'whole' | 'skip';
  /** Finds faces. Needed by `crop: 'face'`. Default: none. */
  detector?: FaceDetector;
}

export interface Cropped {
  /** The part; null for a picture to be left out. */
  readonly image: Image | null;
  /** The faces that `crop: 'face'` found, the largest first. */
  readonly faces: readonly Face[];
}

/** Cuts out the part of a picture that a model sees: the one definition for training, command line and page. */
export async function cropImage(
  image: Image,
  { crop, noFace = 'whole', detector, ...options }: CropOptions,
): Promise<Cropped> {
  if (crop === 'none') return { image, faces: [] };
  if (crop === 'center') return { image: cropCenter(image), faces: [] };
  if (!detector) throw new Error("Expected a face detector for crop 'face'. Received: none.");
  const faces = await detector.detect(image);
  if (faces[0]) return { image: cropFace(image, faces[0], options), faces };
  return { image: noFace === 'whole' ? image : null, faces };
}
