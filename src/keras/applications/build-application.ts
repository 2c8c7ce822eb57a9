import type { DownloadProgress } from '#platform';
import { ValueError } from '../../errors.js';
import type { Scaling } from '../../graph/preprocessing.js';
import { refuseOthers } from '../../named-options.js';
import type { ActivationName } from '../activations.js';
import { GlorotUniform, type Initializer, type SeedOption, Zeros } from '../initializers.js';
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
  /** Default: with the top the size of its weights, mostly 224 × 224 × 3; any size without. */
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
  /** Takes the file that weights are read from. Default: nothing does. */
  onWeights?: (bytes: Uint8Array) => void;
  /** Default `console.warn`. */
  warn?: (message: string) => void;
  /** Draws random weights. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
}

/** The arguments of a network with weights that Keras trained on ImageNet. */
export interface ImageNetOptions extends ApplicationOptions {
  /**
   * `'imagenet'`, the path or the bytes of a file of Keras's weights, or `null` for random ones. Default `'imagenet'`.
   */
  weights?: 'imagenet' | (string & {}) | Uint8Array | null;
}

/** The file that published weights are read from. */
export interface WeightsRequest {
  /** Height and width of the pictures that they were trained on. */
  readonly size: number;
  readonly includeTop: boolean;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Takes the file. */
  readonly onWeights?: (bytes: Uint8Array) => void;
}

/** Weights that are known by a name. */
export interface PublishedWeights {
  /** How they want pictures to be scaled. */
  readonly scaling: Scaling;
  load(model: Model, request: WeightsRequest): Promise<void>;
}

export type Weights = string | Uint8Array | null;

/**
 * The first values of kernels: those of Keras's initializer for the layer, or zeros where weights are about to be loaded,
 * which need no random ones first. Default: `GlorotUniform`.
 */
export type Kernels = (initializer?: (options: SeedOption) => Initializer) => Initializer;

/** What the top of a network is made for. */
export interface TopOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Activation of the last layer; `null` leaves logits. */
  readonly classifierActivation: ActivationName | null;
}

/** One network: everything that is not the same for all of them. */
export interface ApplicationSpec {
  /** Keras's name of the function. */
  readonly className: string;
  /** The function, which reads options of its own. */
  readonly read: (options: ApplicationOptions) => unknown;
  /** @param size height of the pictures, if it is known */
  nameOf(size: number | null): string;
  /** Heights and widths that ImageNet weights are published for, where there are several. Default: `defaultSize` alone. */
  readonly sizes?: readonly number[];
  /** Height and width with the top, where no shape is given. Default 224. */
  readonly defaultSize?: number;
  /** The smallest height and width. Default 32. */
  readonly minSize?: number;
  /** Chooses the shape of pictures. Default: Keras's `obtain_input_shape`. */
  readonly chooseShape?: (inputShape: InputShape | null) => InputShape;
  readonly published: Readonly<Record<string, PublishedWeights>>;
  /**
   * Throws a ValueError for arguments that do not go together, in Keras's words. Default: for ImageNet weights with a top
   * of other than 1000 classes.
   */
  check?(given: {
    weights: Weights;
    includeTop: boolean;
    classes: number;
    inputShape: InputShape | null;
  }): void;
  /** Throws a ValueError where there are no ImageNet weights, in Keras's words. */
  checkImageNet?(): void;
  /** The shape whose height and width choose the weights. Default: `inputShape`. */
  readonly guidingShape?: InputShape;
  /** (N, H, W, C) → the last feature map. */
  features(input: KerasTensor, kernels: Kernels, given: { weights: Weights }): KerasTensor;
  /** The last feature map → (N, classes). */
  top(map: KerasTensor, given: TopOptions, kernels: Kernels): KerasTensor;
  /** Whether pooling without the top is called `avg_pool` or `max_pool`. Default: as other layers are, by their class. */
  readonly namesPooling?: boolean;
  /** What follows where there is no top, after pooling. Default: nothing. */
  end?(y: KerasTensor): KerasTensor;
  /** How a file of weights wants pictures to be scaled, where its path tells. */
  scalingOfFile?(path: string): Scaling | null;
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
    onWeights,
    warn = console.warn,
    random,
    ...others
  } = options;
  refuseOthers(others, spec.className, [spec.read, (probe) => buildApplication(spec, probe)]);
  const name = typeof weights === 'string' ? weights : '';
  const published = Object.hasOwn(spec.published, name) ? spec.published[name] : undefined;
  const bytes = typeof weights === 'string' && !published ? await readWeightsPath(weights) : weights;
  (spec.check ?? checkImageNetTop)({ weights, includeTop, classes, inputShape });

  const shape =
    spec.chooseShape?.(inputShape) ??
    obtainInputShape({
      inputShape,
      defaultSize: defaultSizeOf(spec, inputShape),
      minSize: spec.minSize ?? 32,
      includeTop,
      pretrained: published !== undefined,
      warn,
    });
  const [rows = null] = shape;
  if (weights === 'imagenet') spec.checkImageNet?.();
  const size = weights === 'imagenet' && spec.sizes ? imageNetSize(shape, spec.sizes, warn) : rows;

  const input = inputTensor ?? Input({ shape });
  const kernels = firstValues(weights, random);
  const map = spec.features(input, kernels, { weights });
  if (includeTop) checkClassifierActivation(classifierActivation, weights);
  const end = spec.end ?? ((y: KerasTensor) => y);
  const output = includeTop
    ? spec.top(map, { classes, classifierActivation }, kernels)
    : end(pool(map, pooling, spec.namesPooling));
  const model = new Model({
    inputs: sourceInputs(input),
    outputs: output,
    name: modelName ?? spec.nameOf(size),
  });

  if (published) await published.load(model, { size: size ?? 224, includeTop, onProgress, onWeights });
  else if (bytes instanceof Uint8Array) {
    onWeights?.(bytes);
    await loadWeightsFrom(model, bytes);
  }
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

/** The size that ImageNet weights with a top are for. */
function defaultSizeOf(spec: ApplicationSpec, inputShape: InputShape | null): number {
  const { sizes = [], defaultSize = 224 } = spec;
  const [height, width] = spec.guidingShape ?? inputShape ?? [];
  return height === width && height != null && sizes.includes(height) ? height : defaultSize;
}

const firstValues =
  (weights: Weights, random?: RandomState): Kernels =>
  (initializer = GlorotUniform) =>
    weights === null ? initializer({ seed: random }) : { ...initializer({}), make: Zeros().make };

/** Pools the last feature map, if asked to. */
function pool(map: KerasTensor, pooling: ApplicationOptions['pooling'], isNamed = false): KerasTensor {
  if (!pooling) return map;
  const Pooling = pooling === 'avg' ? GlobalAveragePooling2D : GlobalMaxPooling2D;
  return new Pooling(isNamed ? { name: `${pooling}_pool` } : {}).apply(map);
}

/** Notes how the pretrained weights want their pictures, so that `fit` can warn of others. */
function expectScaling({ inputs }: Model, scaling: Scaling | null): void {
  if (scaling)
    for (const { layer } of inputs) if (layer instanceof InputLayer) layer.expectedScaling = scaling;
}

/** @throws ValueError for ImageNet weights with a top of other than 1000 classes, in Keras's words */
function checkImageNetTop(given: { weights: Weights; includeTop: boolean; classes: number }): void {
  checkImageNetClasses(
    given,
    `If using \`weights='imagenet'\` with \`include_top=True\`, \`classes\` should be 1000.  Received classes=${given.classes}`,
  );
}

/** @throws ValueError in Keras's words, of which each network has its own */
export function checkImageNetClasses(
  { weights, includeTop, classes }: { weights: Weights; includeTop: boolean; classes: number },
  message: string,
): void {
  if (weights === 'imagenet' && includeTop && classes !== 1000) throw new ValueError(message);
}
