import type { Engine } from '../../engine/engine.js';
import { int64, tensor } from '../../graph/tensor.js';
import type { Image } from '../image.js';
import { decodeFaces, type RawFaces } from './boxes.js';
import { copyRectangle } from './crop.js';
import { areaOf, type Face, moveFace } from './face.js';
import { overlap, suppressNonMaxima } from './suppression.js';
import {
  fieldSize,
  placeInField,
  type Window,
  windowAround,
  windowOnWhole,
  windowsOnParts,
} from './window.js';

export interface FaceDetectorOptions {
  /** How sure of a face the detector must be, 0 to 1. Default: 0.7. */
  minScore?: number;
  /** How much of their union the boxes of two faces may share, 0 to 1. Default: 0.3. */
  maxOverlap?: number;
  /** Threads within one operation. Default: the engine's own choice. */
  threads?: number;
}

export interface FaceDetector {
  /**
   * Finds the faces in an RGB picture, the largest first; none gives an empty list.
   *
   * @param options.all whether to go on looking for small faces where large ones are found; default false
   */
  detect(image: Image, options?: { all?: boolean }): Promise<Face[]>;
  /** The faces that the model sees in one part of the picture at one look: faces that do not overlap, surest first. */
  look(image: Image, window: Window, minScore?: number): Promise<Face[]>;
  release(): Promise<void>;
}

/**
 * The part of the field that a face should take up. There the model is most precise: moving the window about by 5%
 * moves the box by 1% of the face, the eye line by 1°; at 0.65 by 3% and 2.5° (measured on 80 pictures). Boxes grow
 * with the fraction, so that all faces are looked at with the same one.
 */
const bestFraction = 0.25;

/** How sure the model must be at a look that only finds where to look properly. */
const glanceScore = 0.5;

/**
 * Loads a face detector.
 *
 * It glances at the whole picture first. Where that shows no face, it looks from further away, since a face that
 * fills the picture is found better with something around it, and then closer, at overlapping parts of half the
 * size. Then it looks at each candidate from where the model sees best, and drops those that are no face from there.
 *
 * @param model the ONNX file that `faceDetectorModel` writes
 */
export async function createFaceDetector(
  engine: Engine,
  model: Uint8Array,
  { minScore = 0.7, maxOverlap = 0.3, threads }: FaceDetectorOptions = {},
): Promise<FaceDetector> {
  const session = await engine.load(model, { threads });

  async function look(image: Image, window: Window, least = minScore): Promise<Face[]> {
    const placed = placeInField(image, window);
    if (!placed) return [];
    const { part, placement } = placed;
    const { width, height, data } = copyRectangle(image, part);
    const { boxes, scores } = await session.run({
      pixels: tensor('uint8', data, [1, height, width, 3]),
      placement: int64([placement.top, placement.left, placement.height, placement.width]),
    });
    if (!boxes || !scores) throw new Error('Expected a model with the outputs `boxes` and `scores`.');
    const raw = { boxes: boxes.data, scores: scores.data } as RawFaces;
    const faces = decodeFaces(raw, placement, part, least);
    return suppressNonMaxima(faces, maxOverlap).map((face) => moveFace(face, part.left, part.top));
  }

  /** The candidate as the model sees it best; null when that is no face. */
  async function confirm(image: Image, { box }: Face): Promise<Face | null> {
    const size = Math.max(box.right - box.left, box.bottom - box.top);
    const window = windowAround((box.left + box.right) / 2, (box.top + box.bottom) / 2, size / bestFraction);
    const seen = await look(image, window);
    return seen.find((face) => overlap(face.box, box) > maxOverlap) ?? null;
  }

  async function detect(image: Image, { all = false }: { all?: boolean } = {}): Promise<Face[]> {
    if (image.channels !== 3)
      throw new Error(`Expected an RGB picture. Received: one of ${image.channels} channels.`);
    // Parts show more only of a picture that had to be shrunk.
    const shrunk = Math.max(image.width, image.height) > fieldSize;
    const glances = [
      [windowOnWhole(image)],
      [windowOnWhole(image, 2.5)],
      shrunk ? windowsOnParts(image) : [],
    ];
    const faces: Face[] = [];
    for (const windows of glances) {
      const candidates: Face[] = [];
      for (const window of windows) candidates.push(...(await look(image, window, glanceScore)));
      for (const candidate of suppressNonMaxima(candidates, maxOverlap)) {
        const face = await confirm(image, candidate);
        if (face) faces.push(face);
      }
      if (faces.length > 0 && !all) break;
    }
    return suppressNonMaxima(faces, maxOverlap).sort((a, b) => areaOf(b.box) - areaOf(a.box));
  }

  return { detect, look, release: () => session.release() };
}
