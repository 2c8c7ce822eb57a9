/** Finding faces and cutting them out; no Node imports, so that a page does what training did. */
import { cropCenter, cropFace, type FaceCropOptions } from './faces/crop.js';
import type { FaceDetector } from './faces/detector.js';
import type { Face } from './faces/face.js';
import type { Image } from './image.js';

export { copyRectangle, cropCenter, cropFace, type FaceCropOptions, faceSquare } from './faces/crop.js';
export { createFaceDetector, type FaceDetector, type FaceDetectorOptions } from './faces/detector.js';
export type { Box, Face, Point } from './faces/face.js';

export interface CropOptions extends FaceCropOptions {
  /** What to cut out: the largest face, the largest square in the middle, or nothing (the picture stays whole). */
  crop: 'face' | 'center' | 'none';
  /** What becomes of a picture without a face: it is taken whole, or left out; default `'whole'`. */
  noFace?: 'whole' | 'skip';
  /** Needed by `crop: 'face'`. */
  detector?: FaceDetector;
}

export interface Cropped {
  /** What was cut out; null for a picture to be left out. */
  readonly image: Image | null;
  /** What `crop: 'face'` found, the largest first. */
  readonly faces: readonly Face[];
}

/** Cuts out of a picture what a model is to see: the one definition for training, command line and page. */
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
