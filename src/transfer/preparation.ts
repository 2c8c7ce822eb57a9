import { encodeModel } from '../graph/onnx.js';
import type { Preprocessing } from '../graph/preprocessing.js';
import {
  type Backbone,
  type BackboneOptions,
  backboneModel,
  loadBackbone,
} from '../keras/applications/backbone.js';
import { readFaceDetectorModel } from './face-detector.js';
import type { Reporter } from './reporter.js';

/** What to cut out of a picture; `auto` is `face` with face weights and `none` with others. */
export type CropChoice = 'auto' | Preprocessing['crop'];

export interface PreparationOptions extends Pick<BackboneOptions, 'weights' | 'alpha' | 'size'> {
  crop?: CropChoice;
  noFace?: 'whole' | 'skip';
}

/** The backbone with everything that stands between it and a file. */
export interface Preparation {
  readonly backbone: Backbone;
  readonly preprocessing: Preprocessing;
  /** The backbone as ONNX: uint8 pixels of its size → `embedding`. */
  readonly backboneModel: Uint8Array;
  /** The face detector as ONNX, where faces are cropped. */
  readonly detector?: Uint8Array;
}

/** Loads the backbone and decides how pictures are prepared for it. */
export async function prepare(
  { crop = 'auto', noFace = 'whole', ...options }: PreparationOptions,
  reporter: Reporter,
): Promise<Preparation> {
  const backbone = await loadBackbone({
    ...options,
    onProgress: ({ received, total }) =>
      reporter.progress('Downloading weights', { done: received, total: total ?? received }),
  });
  const chosen = crop === 'auto' ? (backbone.info.weights === 'vggface2' ? 'face' : 'none') : crop;
  return {
    backbone,
    preprocessing: { size: backbone.size, crop: chosen, noFace, exif: true, ...backbone.scaling },
    backboneModel: encodeModel(backboneModel(backbone)),
    ...(chosen === 'face' ? { detector: await readFaceDetectorModel() } : {}),
  };
}
