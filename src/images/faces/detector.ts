import type { Engine } from '../../engine/engine.js';
import { int64, tensor } from '../../graph/tensor.js';
import type { Image } from '../image.js';
import { copyRectangle, type Rectangle } from './crop.js';
import { decodeFaces, type RawFaces } from './decode.js';
import { areaOf, type Face, moveFace } from './face.js';
import { fieldSize, letterbox } from './letterbox.js';
import { suppressNonMaxima } from './suppression.js';

export interface FaceDetectorOptions {
  /** How sure of a face the detector must be, 0 to 1; default 0.6. */
  minScore?: number;
  /** How much of their union the boxes of two faces may share, 0 to 1; default 0.3. */
  maxOverlap?: number;
  /** Threads within one operation. */
  threads?: number;
}

export interface FaceDetector {
  /**
   * Finds the faces in an RGB picture, the largest first; none gives an empty list.
   *
   * Where none is found at first sight, it looks again: from further away, since a face that fills the picture is
   * found better with something around it, and then closer, at nine overlapping parts of half the width and height.
   */
  detect(image: Image): Promise<Face[]>;
  release(): Promise<void>;
}

/**
 * Loads a face detector.
 *
 * @param model the ONNX file that `faceDetectorModel` writes
 */
export async function createFaceDetector(
  engine: Engine,
  model: Uint8Array,
  { minScore = 0.6, maxOverlap = 0.3, threads }: FaceDetectorOptions = {},
): Promise<FaceDetector> {
  const session = await engine.load(model, { threads });

  /** @param border left free around the picture, as a fraction of the field */
  async function look(image: Image, border: number): Promise<Face[]> {
    const { width, height, data } = image;
    const placement = letterbox(width, height, border);
    const answer = await session.run({
      pixels: tensor('uint8', data, [1, height, width, 3]),
      placement: int64([placement.top, placement.left, placement.height, placement.width]),
    });
    const raw = { boxes: answer.boxes!.data, scores: answer.scores!.data } as RawFaces;
    return decodeFaces(raw, placement, image, minScore);
  }

  async function lookCloser(image: Image): Promise<Face[]> {
    const faces: Face[] = [];
    for (const part of overlappingParts(image))
      for (const face of await look(copyRectangle(image, part), 0))
        faces.push(moveFace(face, part.left, part.top));
    return faces;
  }

  return {
    async detect(image) {
      if (image.channels !== 3)
        throw new Error(`Expected an RGB picture. Received: one of ${image.channels} channels.`);
      let faces = await look(image, 0);
      if (faces.length === 0) faces = await look(image, 0.2);
      // Parts show more only of a picture that had to be shrunk.
      if (faces.length === 0 && Math.max(image.width, image.height) > fieldSize)
        faces = await lookCloser(image);
      return suppressNonMaxima(faces, maxOverlap).sort((a, b) => areaOf(b.box) - areaOf(a.box));
    },
    release: () => session.release(),
  };
}

/** Three by three parts of half the picture's width and height, each half over its neighbour. */
function overlappingParts({ width, height }: Image): Rectangle[] {
  const part = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const starts = (whole: number, size: number) => [0, Math.floor((whole - size) / 2), whole - size];
  return starts(height, part.height).flatMap((top) =>
    starts(width, part.width).map((left) => ({ left, top, ...part })),
  );
}
