import { type DownloadProgress, readHumanModel, sha256 } from '#platform';
import { ValueError } from '../errors.js';
import { GraphBuilder } from '../graph/builder.js';
import { checkWeights } from '../graph/finite-weights.js';
import { fold } from '../graph/fold.js';
import type { Model as OnnxModel, Value } from '../graph/graph.js';
import { inferenceContext } from '../graph/inference.js';
import { toChannelsLast } from '../graph/layout.js';
import {
  caffeScaling,
  normalisePixels,
  type Preprocessing,
  type Scaling,
  scalings,
  tfScaling,
} from '../graph/preprocessing.js';
import { readWeightsPath } from '../keras/applications/architecture.js';
import {
  firstFilters,
  MobileNet,
  mobileNetAlphas,
  mobileNetSizes,
  readImageNetFile,
} from '../keras/applications/mobilenet.js';
import {
  lastProjection,
  MobileNetV2,
  mobileNetV2Alphas,
  mobileNetV2Sizes,
  readMobileNetV2File,
} from '../keras/applications/mobilenet-v2.js';
import { type Application, applicationNamed, applicationOfSize } from '../keras/applications/registry.js';
import { Input } from '../keras/layers/input.js';
import type { Model } from '../keras/models/model.js';
import type { RandomState } from '../keras/random/random-state.js';
import { isZip } from '../keras/saving/archive.js';
import { type Hdf5Group, readHdf5 } from '../keras/saving/hdf5.js';
import { legacyWeights } from '../keras/saving/legacy-h5.js';
import { hasKeras3Weights } from '../keras/saving/weights-h5.js';
import { named, refuseOthers } from '../named-options.js';

import type { BackboneInfo, Licence } from './metadata.js';

/** A frozen network that turns pictures into features, with all that must be known to use it. */
export interface FeatureExtractor {
  readonly size: Preprocessing['size'];
  /** D, the number of features. */
  readonly features: number;
  readonly scaling: Scaling;
  readonly info: BackboneInfo;
  readonly licences: readonly Licence[];
  /** The operator set that its operations are written in, at least 13. */
  readonly opset: number;
  readonly write: BackboneWriter;
}

/**
 * Writes frozen layers into a graph.
 *
 * @param images float32 (N, 3, height, width), normalised
 * @returns `embedding`, float32 (N, D), and `map`, float32 (N, D, h, w), where the embedding is its mean over h and w
 */
export type BackboneWriter = (
  g: GraphBuilder,
  images: Value,
) => { readonly embedding: Value; readonly map?: Value };

/** A feature extractor of Keras's layers. */
export interface Backbone extends FeatureExtractor {
  /** A network of Keras's without its top: (N, height, width, 3) → (N, h, w, D). */
  readonly model: Model;
}

export interface BackboneOptions {
  /**
   * `'vggface2'` for faces; for the rest `'imagenet'`, `'imagenet-v2'` for MobileNetV2, or the name of one of
   * `applications`, such as `'resnet50'`; the path of a file, or `null` for random weights of MobileNet. Default:
   * `'vggface2'`.
   */
  weights?: 'vggface2' | 'imagenet' | 'imagenet-v2' | (string & {}) | null;
  /**
   * Width multiplier 0.25, 0.5, 0.75 or 1; of MobileNetV2 0.35, 0.5, 0.75, 1, 1.3 or 1.4. A file knows its own, and
   * whether it is of MobileNet or MobileNetV2. Other networks have none. Default: the file's, else 1.
   */
  alpha?: number;
  /**
   * Height and width in pixels: 128, 160, 192 or 224, for MobileNetV2 also 96; other networks take any from 32 on, most.
   * Default: as a file's name says, else what the weights were trained on.
   */
  size?: number;
  /** Called as weights are downloaded. Default: none. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Draws random weights. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
}

/**
 * Loads a network of Keras's, with the preprocessing that its weights ask for.
 *
 * @throws ValueError for weights of another network, DownloadError where they cannot be had
 *
 * @example
 * const backbone = await loadBackbone({ weights: 'vggface2' });
 * const session = await engine.load(encodeModel(backboneModel(backbone)));
 * const { embedding } = await session.run({ pixels: { type: 'uint8', dims: [1, 224, 224, 3], data } });
 */
export async function loadBackbone(options: BackboneOptions = {}): Promise<Backbone> {
  const {
    weights = 'vggface2',
    alpha: width,
    size: side,
    onProgress,
    random,
    ...others
  } = named(options, 'loadBackbone');
  refuseOthers(others, 'loadBackbone', loadBackbone);
  const application = applicationNamed(weights);
  if (application)
    return loadApplication(application, 'imagenet', {
      label: 'imagenet',
      alpha: width,
      size: side,
      onProgress,
      random,
    });
  const {
    application: found,
    alpha,
    size,
    bytes,
    isV2,
  } = await findWeights({ weights, alpha: width, size: side, onProgress });
  if (found && bytes) {
    const label = String(weights).replace(/^.*[/\\]/, '');
    return loadApplication(found, bytes, { label, alpha: width, size: side, onProgress, random });
  }
  const inputTensor = Input({ shape: [size, size, 3], name: 'pictures' });
  const shared = {
    alpha,
    includeTop: false,
    inputShape: [size, size, 3],
    inputTensor,
    onProgress,
    random,
  } as const;
  const model = isV2
    ? await MobileNetV2({ ...shared, weights: bytes })
    : await MobileNet({ ...shared, weights: weights === 'vggface2' || weights === null ? weights : bytes });
  const licences = weights === null ? [] : (licencesOf[weights] ?? []);
  return {
    model,
    size: [size, size],
    features: model.outputTensor.shape.at(-1) ?? 0,
    scaling: weights === 'vggface2' ? caffeScaling : tfScaling,
    info: {
      name: isV2 ? 'mobilenet_v2' : 'mobilenet',
      alpha,
      weights: weights === null ? 'random' : weights.replace(/^.*[/\\]/, ''),
      ...(bytes ? { sha256: await sha256(bytes) } : {}),
      ...(licences[0] ? { licence: licences[0].licence } : {}),
    },
    licences,
    opset: 13,
    write: backboneWriter({ model }),
  };
}

interface ApplicationRequest extends Pick<BackboneOptions, 'alpha' | 'size' | 'onProgress' | 'random'> {
  /** What the weights are called. */
  readonly label: string;
}

/** One of Keras's other networks. @throws ValueError for options that it does not take */
async function loadApplication(
  application: Application,
  weights: 'imagenet' | Uint8Array,
  { label, alpha, size = application.size, onProgress, random }: ApplicationRequest,
): Promise<Backbone> {
  const { name, className, minSize, features, scaling, licence } = application;
  if (alpha !== undefined)
    throw new ValueError(
      `Expected \`alpha\` with MobileNet's weights alone. Received: it with those of ${className}.`,
    );
  if (!Number.isInteger(size) || size < minSize)
    throw new ValueError(
      `Expected \`size\` to be a whole number from ${minSize} with ${name}. Received: ${size}.`,
    );
  const make = await application.load();
  let file: Uint8Array | undefined;
  const model = await make({
    ...{ weights, includeTop: false, inputShape: [size, size, 3], onProgress, random },
    inputTensor: Input({ shape: [size, size, 3], name: 'pictures' }),
    onWeights: (bytes) => {
      file = bytes;
    },
    // Any size will do: these networks are without their tops.
    warn: () => {},
  });
  const isPublished = weights === 'imagenet' && licence !== undefined;
  return {
    model,
    size: [size, size],
    features,
    scaling: scalings[scaling],
    info: {
      name,
      weights: label,
      ...(file ? { sha256: await sha256(file) } : {}),
      ...(isPublished ? { licence } : {}),
    },
    licences: isPublished
      ? [
          {
            work: `${className} weights (keras-applications, trained on ImageNet)`,
            licence,
            credit: `The ${className} authors and Keras, https://keras.io/api/applications`,
          },
        ]
      : [],
    opset: 13,
    write: backboneWriter({ model }),
  };
}

interface FoundWeights {
  readonly alpha: number;
  readonly size: number;
  readonly bytes?: Uint8Array;
  readonly isV2?: boolean;
  /** The network, where it is no MobileNet of the first two versions. */
  readonly application?: Application;
}

/** The file of the weights, with the width and the size of pictures that they are for. */
async function findWeights(options: BackboneOptions): Promise<FoundWeights> {
  const { weights, alpha = 1, size = 224, onProgress } = options;
  if (weights == null) return { alpha, size };
  if (weights === 'vggface2') return { alpha, size, bytes: await readHumanModel('faceres.bin') };
  const isV2 = weights === 'imagenet-v2';
  if (weights === 'imagenet' || isV2) {
    checkPublished('alpha', alpha, isV2 ? mobileNetV2Alphas : mobileNetAlphas, weights);
    checkPublished('size', size, isV2 ? mobileNetV2Sizes : mobileNetSizes, weights);
    const read = isV2 ? readMobileNetV2File : readImageNetFile;
    return { alpha, size, bytes: await read({ alpha, size, includeTop: false, onProgress }), isV2 };
  }

  const bytes = await readWeightsPath(weights).catch((cause) => {
    throw Object.assign(
      new ValueError(
        `Expected weights 'vggface2', 'imagenet', 'imagenet-v2', or another name of those that 'ort-transfer train --weights list' prints, or the path of one of Keras's .h5 files. Received: ${weights}, which is none of these.`,
      ),
      { cause },
    );
  });
  if (isZip(bytes))
    throw new ValueError(
      `Expected weights in one of Keras's .h5 files. Received: ${weights}, a .keras file. Hint: make an .onnx file of it with 'ort-transfer convert', and take that.`,
    );
  const application = applicationOfSize(await readHdf5(bytes, countWeights));
  if (application) return { alpha: 1, size, bytes, application };
  const network = await readHdf5(bytes, (root) => identify(legacyWeights(root), weights));
  if (options.alpha !== undefined && options.alpha !== network.alpha)
    throw new ValueError(`Expected alpha ${network.alpha}, that of ${weights}. Received: ${options.alpha}.`);
  const named = [...mobileNetSizes, 96].find((candidate) => weights.includes(`_${candidate}_`));
  return { ...network, size: options.size ?? named ?? size, bytes };
}

/** @throws ValueError unless Keras has published weights for the value */
function checkPublished(option: string, value: number, published: readonly number[], weights: string): void {
  if (!published.includes(value))
    throw new ValueError(
      `Expected \`${option}\` of ${[...published].sort((a, b) => a - b).join(', ')} with ${weights}. Received: ${value}.`,
    );
}

/** How many numbers the weights of a file are, the optimizer's left out; 0 where it holds none. */
function countWeights(root: Hdf5Group): number {
  const sizeOfTensor = (group: Hdf5Group, path: string) => group.tensor(path).data.length;
  if (hasKeras3Weights(root)) {
    const visit = (group: Hdf5Group): number =>
      group.names.reduce((sum, name) => {
        if (name === 'optimizer') return sum;
        const inner = group.group(name);
        if (name !== 'vars') return sum + visit(inner);
        return inner.names.reduce((total, index) => total + sizeOfTensor(inner, index), sum);
      }, 0);
    return visit(root);
  }
  const group = legacyWeights(root);
  return group
    .strings('layer_names')
    .map((name) => group.group(name))
    .flatMap((layer) => layer.strings('weight_names').map((name) => sizeOfTensor(layer, name)))
    .reduce((sum, size) => sum + size, 0);
}

/** Recognises the network of a file by the filters of a layer whose number tells the width. */
function identify(group: Hdf5Group, path: string): { alpha: number; isV2: boolean } {
  const filters = (name: string) => {
    const layer = group.group(name);
    const [kernel] = layer.strings('weight_names');
    return kernel === undefined ? undefined : layer.tensor(kernel).dims.at(-1);
  };
  const names = group
    .strings('layer_names')
    .filter((name) => group.group(name).strings('weight_names').length);
  const isV2 = names.includes('block_16_project');
  const width = (isV2 ? ['block_16_project'] : names.slice(0, 1)).map(filters)[0];
  const alphas = isV2 ? mobileNetV2Alphas : mobileNetAlphas;
  const expected = (alpha: number) => (isV2 ? lastProjection(alpha) : firstFilters * alpha);
  const alpha = alphas.find((candidate) => expected(candidate) === width);
  if (alpha !== undefined) return { alpha, isV2 };
  const [network, layer] = isV2 ? ['MobileNetV2', "'block_16_project'"] : ['MobileNet', 'first layer'];
  throw new ValueError(
    `Expected ${network}'s weights, whose ${layer} has ${alphas.map(expected).join(', ')} filters. Received: ${width} in ${path}.`,
  );
}

const keras = {
  licence: 'Apache-2.0',
  credit: 'The MobileNet authors and Keras, https://keras.io/api/applications/mobilenet',
} as const;

const licencesOf: Readonly<Record<string, readonly Licence[]>> = {
  vggface2: [
    {
      work: 'MobileNet weights (faceres, trained on VGGFace2)',
      licence: 'MIT',
      credit: 'Copyright (c) Vladimir Mandic, https://github.com/vladmandic/human',
    },
    {
      work: 'HSE_FaceRec_tf, from which faceres was converted',
      licence: 'Apache-2.0',
      credit: 'Andrey V. Savchenko, https://github.com/HSE-asavchenko/HSE_FaceRec_tf',
    },
  ],
  imagenet: [{ work: 'MobileNet weights (keras-applications, trained on ImageNet)', ...keras }],
  'imagenet-v2': [{ work: 'MobileNetV2 weights (keras-applications, trained on ImageNet)', ...keras }],
};

/** Writes MobileNet; the graph as a whole wants `fold` afterwards. */
export const backboneWriter =
  ({ model }: Pick<Backbone, 'model'>): BackboneWriter =>
  (g, images) => {
    const map = model.forward(inferenceContext(g), [images]).output;
    return { map, embedding: g.op('Flatten', [g.op('GlobalAveragePool', [map])], { axis: 1 }) };
  };

/**
 * The backbone as a model of its own, batch normalisation folded.
 *
 * It reads `pixels`, uint8 (N, height, width, 3), RGB, and returns the listed outputs: `embedding`, float32
 * (N, D), and `map`, float32 (N, h, w, D).
 *
 * @param outputs default `['embedding']`: a map is 49 times as large
 * @throws OnnxFormatError when a weight is NaN or infinite
 */
export function backboneModel(
  backbone: Pick<FeatureExtractor, 'size' | 'scaling' | 'features' | 'write' | 'opset'>,
  { outputs = ['embedding'] }: { outputs?: readonly ('embedding' | 'map')[] } = {},
): OnnxModel {
  const { size, scaling, features, write, opset } = backbone;
  const g = new GraphBuilder('backbone');
  const pixels = g.input('pixels', 'uint8', ['N', ...size, 3]);
  const images = g.scope('preprocessing', () => normalisePixels(g, pixels, scaling));
  const { map, embedding } = g.scope('backbone', () => write(g, images));
  if (outputs.includes('embedding')) g.output('embedding', embedding, 'float32', ['N', features]);
  if (outputs.includes('map') && map) {
    const channelsLast = toChannelsLast(g, map);
    g.output('map', channelsLast, 'float32', ['N', 'h', 'w', features]);
  }
  const graph = fold(g.build());
  checkWeights(graph);
  return { graph, opset };
}
