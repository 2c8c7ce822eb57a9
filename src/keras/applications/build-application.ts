import type { DownloadProgress } from '#platform';
import { ValueError } from '../../errors.js';
import type { UniformScaling } from '../../graph/preprocessing.js';
import { refuseOthers } from '../../named-options.js';
import type { ActivationName } from '../activations.js';
import { GlorotUniform, type Initializer, Zeros } from '../initializers.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../layers/global-pooling2d.js';
import { Input, InputLayer } from '../layers/input.js';
import type { KerasTensor } from '../layers/layer.js';
import { Model } from '../models/model.js';
import type { RandomState } from '../random/random-state.js';
import { loadWeightsFrom } from '../saving/save.js';
import {
  checkClassifierActivation,
  type InputShape,
  obtainInputShape,
  readWeightsPath,
  sourceInputs,
} from './architecture.js';

export interface ApplicationOptions {
  /** Default: 224 × 224 × 3 with the top, any size without. */
  inputShape?: InputShape | null;
  /** Whether the model classifies, or ends with its last feature map. Default `true`. */
  includeTop?: boolean;
  /** Read instead of an input of the model's own. Default `null`. */
  inputTensor?: KerasTensor | null;
  /** Makes (N, D) of the last feature map where there is no top. Default `null`: the map stays. */
  pooling?: 'avg' | 'max' | null;
  /** Outputs of the top. Default 1000. */
  classes?: number;
  /** Default `'softmax'`; `null` leaves logits. */
  classifierActivation?: ActivationName | null;
  /** Default: the network's name with its width and size. */
  name?: string;
  /** Follows a download. Default: nothing does. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Default `console.warn`. */
  warn?: (message: string) => void;
  /** Draws random weights. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
}

/** The file that published weights are read from. */
export interface WeightsRequest {
  /** Height and width of the pictures that they were trained on. */
  readonly size: number;
  readonly includeTop: boolean;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** Weights that are known by a name. */
export interface PublishedWeights {
  /** How they want pictures to be scaled. */
  readonly scaling: UniformScaling;
  load(model: Model, request: WeightsRequest): Promise<void>;
}

type Weights = string | Uint8Array | null;

/** One network: everything that is not the same for all of them. */
export interface ApplicationSpec {
  /** Keras's name of the function. */
  readonly className: string;
  /** The function, which reads options of its own. */
  readonly read: (options: ApplicationOptions) => unknown;
  /** @param size height of the pictures, if it is known */
  nameOf(size: number | null): string;
  /** Heights and widths that ImageNet weights are published for. */
  readonly sizes: readonly number[];
  readonly published: Readonly<Record<string, PublishedWeights>>;
  /** @throws ValueError for arguments that do not go together, in Keras's words */
  check(given: { weights: Weights; includeTop: boolean; classes: number }): void;
  /** @throws ValueError where there are no ImageNet weights, in Keras's words */
  checkImageNet(): void;
  /** The shape whose height and width choose the weights. Default: `inputShape`. */
  readonly guidingShape?: InputShape;
  /** (N, H, W, C) → the last feature map. */
  features(input: KerasTensor, initializer: Initializer): KerasTensor;
  /** The last feature map → (N, classes). */
  top(
    map: KerasTensor,
    given: { classes: number; classifierActivation: ActivationName | null; initializer: Initializer },
  ): KerasTensor;
  /** How a file of weights wants pictures to be scaled, where its path tells. */
  scalingOfFile?(path: string): UniformScaling | null;
}

/**
 * Makes a network of Keras's applications, with its weights.
 *
 * @param options.weights a name of `spec.published`, the path or the bytes of a file that Keras's `load_weights` reads,
 * or `null` for random weights. Default `'imagenet'`
 * @throws ValueError for arguments that do not go together, in Keras's words; DownloadError where the weights cannot be
 * had
 */
export async function buildApplication(
  spec: ApplicationSpec,
  options: ApplicationOptions & { weights?: Weights },
): Promise<Model> {
  const {
    weights = 'imagenet',
    includeTop = true,
    pooling = null,
    classes = 1000,
    inputShape = null,
    inputTensor = null,
    classifierActivation = 'softmax',
    name: modelName,
    onProgress,
    warn = console.warn,
    random,
    ...others
  } = options;
  refuseOthers(others, spec.className, [spec.read, (probe) => buildApplication(spec, probe)]);
  const name = typeof weights === 'string' ? weights : '';
  const published = Object.hasOwn(spec.published, name) ? spec.published[name] : undefined;
  const bytes = typeof weights === 'string' && !published ? await readWeightsPath(weights) : weights;
  spec.check({ weights, includeTop, classes });

  const [height, width] = spec.guidingShape ?? inputShape ?? [];
  const shape = obtainInputShape({
    inputShape,
    defaultSize: height === width && height != null && spec.sizes.includes(height) ? height : 224,
    includeTop,
    pretrained: published !== undefined,
    warn,
  });
  const [rows = null] = shape;
  if (weights === 'imagenet') spec.checkImageNet();
  const size = weights === 'imagenet' ? imageNetSize(shape, spec.sizes, warn) : rows;

  const input = inputTensor ?? Input({ shape });
  const initializer = firstInitializer(weights, random);
  const map = spec.features(input, initializer);
  if (includeTop) checkClassifierActivation(classifierActivation, weights);
  const output = includeTop
    ? spec.top(map, { classes, classifierActivation, initializer })
    : pool(map, pooling);
  const model = new Model({
    inputs: sourceInputs(input),
    outputs: output,
    name: modelName ?? spec.nameOf(size),
  });

  if (published) await published.load(model, { size: size ?? 224, includeTop, onProgress });
  else if (bytes instanceof Uint8Array) await loadWeightsFrom(model, bytes);
  expectScaling(model, published?.scaling ?? spec.scalingOfFile?.(name) ?? null);
  return model;
}

/** The size that ImageNet weights are loaded for: that of the pictures, or 224 where there are none for it. */
function imageNetSize(
  [rows = null, columns]: InputShape,
  sizes: readonly number[],
  warn: (message: string) => void,
): number {
  if (rows !== null && rows === columns && sizes.includes(rows)) return rows;
  warn(
    `\`input_shape\` is undefined or non-square, or \`rows\` is not in [${sizes.join(', ')}]. Weights for input shape (224, 224) will be loaded as the default.`,
  );
  return 224;
}

/** Keras's initializer of kernels; weights that are about to be loaded need no random ones first. */
const firstInitializer = (weights: Weights, random?: RandomState): Initializer =>
  weights === null ? GlorotUniform({ seed: random }) : { ...GlorotUniform(), make: Zeros().make };

/** Pools the last feature map, if asked to. */
function pool(map: KerasTensor, pooling: ApplicationOptions['pooling']): KerasTensor {
  if (pooling === 'avg') return new GlobalAveragePooling2D().apply(map);
  if (pooling === 'max') return new GlobalMaxPooling2D().apply(map);
  return map;
}

/** Notes how the pretrained weights want their pictures, so that `fit` can warn of others. */
function expectScaling({ inputs }: Model, scaling: UniformScaling | null): void {
  if (scaling)
    for (const { layer } of inputs) if (layer instanceof InputLayer) layer.expectedScaling = scaling;
}

/** @throws ValueError in Keras's words, of which each network has its own */
export function checkImageNetClasses(
  { weights, includeTop, classes }: { weights: Weights; includeTop: boolean; classes: number },
  message: string,
): void {
  if (weights === 'imagenet' && includeTop && classes !== 1000) throw new ValueError(message);
}
