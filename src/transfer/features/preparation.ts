import {
  type Backbone,
  type BackboneOptions,
  backboneModel,
  type FeatureExtractor,
  loadBackbone,
} from '../../classifier/backbone.js';
import { type CropChoice, choosePreprocessing } from '../../classifier/choose-preprocessing.js';
import { readFaceDetectorModel } from '../../classifier/face-detector.js';
import { ValueError } from '../../errors.js';
import { encodeModel } from '../../graph/onnx.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { type OnnxBackboneOptions, openOnnxBackbone } from '../backbone-onnx/backbone-onnx.js';
import { isOnnx } from '../is-onnx.js';
import type { Reporter } from '../reporter.js';

/** Weights are those of `loadBackbone`, or an ONNX model, to which the options of `openOnnxBackbone` belong. */
export interface PreparationOptions
  extends Pick<BackboneOptions, 'weights' | 'alpha' | 'size'>,
    Omit<OnnxBackboneOptions, 'size'> {
  /** The part of a picture to look at. Default `'auto'`: the face for weights of faces, else the whole. */
  crop?: CropChoice;
  /** Takes pictures without a face whole, or skips them, where faces are cropped. Default `'whole'`. */
  noFace?: 'whole' | 'skip';
}

/** The backbone with everything that stands between it and a file. */
export interface Preparation {
  readonly backbone: FeatureExtractor | Backbone;
  readonly preprocessing: Preprocessing;
  /** The backbone as ONNX: uint8 pixels of its size → `embedding`. */
  readonly backboneModel: Uint8Array;
  /** The face detector as ONNX, where faces are cropped. */
  readonly detector?: Uint8Array;
}

/** Loads the backbone and decides how pictures are prepared for it. */
export async function prepareBackbone(
  { crop, noFace, ...options }: PreparationOptions & Pick<BackboneOptions, 'random'>,
  reporter: Reporter,
): Promise<Preparation> {
  const backbone = await openBackbone(options, reporter);
  const preprocessing = choosePreprocessing(backbone, { crop, noFace });
  return {
    backbone,
    preprocessing,
    backboneModel: encodeModel(backboneModel(backbone)),
    ...(preprocessing.crop === 'face' ? { detector: await readFaceDetectorModel() } : {}),
  };
}

/** @throws ValueError for options that belong to other weights */
function openBackbone(
  options: PreparationOptions & Pick<BackboneOptions, 'random'>,
  reporter: Reporter,
): Promise<FeatureExtractor | Backbone> {
  const { weights, alpha, engine, inputScaling, inputLayout, outputName, size, random } = options;
  if (isOnnx(weights)) {
    if (alpha !== undefined)
      throw new ValueError(
        `Expected \`alpha\` with MobileNet's weights alone. Received: it with ${weights}.`,
      );
    return openOnnxBackbone(weights, { engine, size, inputScaling, inputLayout, outputName }, reporter);
  }
  for (const [option, value] of Object.entries({ inputScaling, inputLayout, outputName }))
    if (value !== undefined)
      throw new ValueError(
        `Expected \`${option}\` with an .onnx file as \`weights\` alone. Received: it with ${weights ?? 'random weights'}.`,
      );
  return loadBackbone({
    weights,
    alpha,
    size,
    random,
    onProgress: ({ received, total }) =>
      reporter.progress('Downloading weights', { done: received, total: total ?? received }),
  });
}
