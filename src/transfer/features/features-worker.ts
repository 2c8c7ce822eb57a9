/** What one thread of the extraction does: from a file to embeddings, or to the pixels that a GPU embeds. */

import { readFileSync } from 'node:fs';
import { decodeImage, openEngine } from '#platform';
import { viewOf } from '../../classifier/views.js';
import type { Session } from '../../engine/engine.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { joinFloats } from '../../graph/rows.js';
import { createFaceDetector, cropImage, type FaceDetector } from '../../images/faces.js';
import type { Image } from '../../images/image.js';
import { NoFaceError } from '../../images/no-face-error.js';

export interface WorkerSetup {
  readonly engine: 'ort' | 'js';
  readonly preprocessing: Preprocessing;
  readonly maxPixels: number;
  readonly seed: number;
  /** Resizes one picture: `pixels` uint8 (1, H, W, 3) → `resized` uint8 (1, height, width, 3). */
  readonly resizeModel: Uint8Array;
  /** Embeds: `pixels` uint8 (N, height, width, 3) → `embedding` (N, D). `null`: return the pixels. */
  readonly backboneModel: Uint8Array | null;
  /** Needed by `crop: 'face'`. */
  readonly detectorModel: Uint8Array | null;
}

export interface Picture {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** Which views are wanted. */
  readonly views: readonly number[];
}

export interface Extracted {
  /** Embeddings (views, D), or pixels (views, height, width, 3). */
  readonly rows: Float32Array | Uint8Array;
  /** Faces found, where they are looked for. */
  readonly faces: number | null;
}

/** Called by the pool in each thread. */
export async function start(setup: WorkerSetup): Promise<(picture: Picture) => Promise<Extracted>> {
  const engine = await openEngine({ engine: setup.engine, provider: 'cpu', threads: 1 });
  const resizer = await engine.load(setup.resizeModel);
  const backbone = setup.backboneModel && (await engine.load(setup.backboneModel));
  const detector = setup.detectorModel && (await createFaceDetector(engine, setup.detectorModel));
  return async ({ path, content, views }) => {
    // Nothing else waits in this thread, so a file is read without a trip to another.
    const { image, faces } = await prepare(readFileSync(path), setup, { resizer, detector });
    const pixels = new Uint8Array(views.length * image.data.length);
    for (const [i, view] of views.entries())
      pixels.set(viewOf(image, view, { seed: setup.seed, content }).data, i * image.data.length);
    if (!backbone) return { rows: pixels, faces };
    return { rows: await embed(backbone, pixels, views.length, setup.preprocessing), faces };
  };
}

/** Decodes, turns upright, crops and resizes. */
export async function prepare(
  bytes: Uint8Array,
  { preprocessing, maxPixels }: Pick<WorkerSetup, 'preprocessing' | 'maxPixels'>,
  { resizer, detector }: { resizer: Session; detector: FaceDetector | null },
): Promise<{ image: Image; faces: number | null }> {
  const { crop, noFace, exif, size } = preprocessing;
  const decoded = await decodeImage(bytes, { exif, maxPixels });
  const { image, faces } = await cropImage(decoded, { crop, noFace, detector: detector ?? undefined });
  if (!image) throw new NoFaceError();
  const { resized } = await resizer.run({
    pixels: { type: 'uint8', dims: [1, image.height, image.width, 3], data: image.data },
  });
  const [height, width] = size;
  return {
    image: { width, height, channels: 3, data: resized!.data as Uint8Array },
    faces: crop === 'face' ? faces.length : null,
  };
}

/** Embeds one view after the other: on one thread a batch gains nothing, and memory stays small. */
async function embed(
  backbone: Session,
  pixels: Uint8Array,
  count: number,
  { size }: Preprocessing,
): Promise<Float32Array> {
  const length = pixels.length / count;
  const rows: Float32Array[] = [];
  for (let i = 0; i < count; i++) {
    const data = pixels.subarray(i * length, (i + 1) * length);
    const { embedding } = await backbone.run({ pixels: { type: 'uint8', dims: [1, ...size, 3], data } });
    rows.push(embedding!.data as Float32Array);
  }
  return joinFloats(rows);
}
