import { readHumanModel, sha256 } from '#platform';
import { GraphBuilder } from '../../graph/builder.js';
import { fold } from '../../graph/fold.js';
import type { Model as OnnxModel, Value } from '../../graph/graph.js';
import { inferenceContext } from '../../graph/inference.js';
import type { BackboneInfo, Licence } from '../../graph/metadata.js';
import { caffeScaling, normalisePixels, type Preprocessing, tfScaling } from '../../graph/preprocessing.js';
import type { DownloadProgress } from '../../platform/download.js';
import { ValueError } from '../layers/layer.js';
import type { Model } from '../models/model.js';
import { readHdf5 } from '../saving/hdf5.js';
import { legacyWeights } from '../saving/legacy-h5.js';
import { readWeightsPath, type Scaling } from './architecture.js';
import { firstFilters, MobileNet, mobileNetAlphas, mobileNetSizes, readImageNetFile } from './mobilenet.js';

/** A frozen network that turns pictures into features, with all that must be known to use it. */
export interface Backbone {
  /** MobileNet without its top: (N, height, width, 3) → (N, ⌈height/32⌉, ⌈width/32⌉, D). */
  readonly model: Model;
  readonly size: Preprocessing['size'];
  /** D, the number of features. */
  readonly features: number;
  readonly scaling: Scaling;
  readonly info: BackboneInfo;
  readonly licences: readonly Licence[];
}

export interface BackboneOptions {
  /** `'vggface2'` for faces, `'imagenet'` for the rest, the path of a file, or `null` for random weights. */
  weights?: 'vggface2' | 'imagenet' | (string & {}) | null;
  /** Width multiplier 0.25, 0.5, 0.75 or 1. A file knows its own. */
  alpha?: number;
  /** Height and width in pixels: 128, 160, 192 or 224. Default: what a file's name says, else 224. */
  size?: number;
  onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Loads MobileNet with what its weights ask for.
 *
 * @throws ValueError for weights that are not MobileNet's, DownloadError where they cannot be had
 *
 * @example
 * const backbone = await loadBackbone({ weights: 'vggface2' });
 * const session = await engine.load(encodeModel(backboneModel(backbone)));
 * const { embedding } = await session.run({ pixels: { type: 'uint8', dims: [1, 224, 224, 3], data } });
 */
export async function loadBackbone(options: BackboneOptions = {}): Promise<Backbone> {
  const { weights = 'vggface2', onProgress } = options;
  const { alpha, size, bytes } = await findWeights({ ...options, weights });
  const model = await MobileNet({
    weights: weights === 'vggface2' || weights === null ? weights : bytes,
    alpha,
    includeTop: false,
    inputShape: [size, size, 3],
    onProgress,
  });
  const licences = weights === null ? [] : (licencesOf[weights] ?? []);
  return {
    model,
    size: [size, size],
    features: model.outputTensor.shape[3]!,
    scaling: weights === 'vggface2' ? caffeScaling : tfScaling,
    info: {
      name: 'mobilenet',
      alpha,
      weights: weights === null ? 'random' : weights.replace(/^.*[/\\]/, ''),
      ...(bytes ? { sha256: await sha256(bytes) } : {}),
      ...(licences[0] ? { licence: licences[0].licence } : {}),
    },
    licences,
  };
}

/** The file of the weights, with the width and the size of pictures that they are for. */
async function findWeights(options: BackboneOptions) {
  const { weights, alpha = 1, size = 224, onProgress } = options;
  if (weights == null) return { alpha, size };
  if (weights === 'vggface2') return { alpha, size, bytes: await readHumanModel('faceres.bin') };
  if (weights === 'imagenet')
    return { alpha, size, bytes: await readImageNetFile({ alpha, size, includeTop: false, onProgress }) };

  const bytes = await readWeightsPath(weights);
  const width = await readHdf5(bytes, (root) => {
    const group = legacyWeights(root);
    const [first] = group
      .strings('layer_names')
      .filter((name) => group.group(name).strings('weight_names').length);
    return group.group(first!).tensor(group.group(first!).strings('weight_names')[0]!).dims.at(-1);
  });
  const found = mobileNetAlphas.find((candidate) => firstFilters * candidate === width);
  if (found === undefined)
    throw new ValueError(
      `Expected MobileNet's weights, whose first layer has ${mobileNetAlphas.map((a) => firstFilters * a).join(', ')} filters. Received: ${width} in ${weights}.`,
    );
  const named = mobileNetSizes.find((candidate) => weights.includes(`_${candidate}_`));
  return { alpha: found, size: options.size ?? named ?? size, bytes };
}

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
  imagenet: [
    {
      work: 'MobileNet weights (keras-applications, trained on ImageNet)',
      licence: 'Apache-2.0',
      credit: 'The MobileNet authors and Keras, https://keras.io/api/applications/mobilenet',
    },
  ],
};

/**
 * A function that writes the backbone into a graph, for exporters.
 *
 * @returns of images, float32 (N, 3, height, width), normalised: `map`, float32 (N, D, h, w), and `embedding`,
 * float32 (N, D), its mean over h and w. The graph as a whole wants `fold` afterwards.
 */
export const backboneWriter =
  ({ model }: Pick<Backbone, 'model'>) =>
  (g: GraphBuilder, images: Value): { map: Value; embedding: Value } => {
    const map = model.forward(inferenceContext(g), [images]).output;
    return { map, embedding: g.op('Flatten', [g.op('GlobalAveragePool', [map])], { axis: 1 }) };
  };

/**
 * The backbone as a model of its own, batch normalisation folded.
 *
 * It reads `pixels`, uint8 (N, height, width, 3), RGB, and returns what `outputs` lists: `embedding`, float32
 * (N, D), and `map`, float32 (N, h, w, D).
 *
 * @param outputs default `['embedding']`: a map is 49 times as large
 */
export function backboneModel(
  backbone: Pick<Backbone, 'model' | 'size' | 'scaling' | 'features'>,
  { outputs = ['embedding'] }: { outputs?: readonly ('embedding' | 'map')[] } = {},
): OnnxModel {
  const { model, size, scaling, features } = backbone;
  const g = new GraphBuilder(model.name);
  const pixels = g.input('pixels', 'uint8', ['N', ...size, 3]);
  const images = g.scope('preprocessing', () => normalisePixels(g, pixels, scaling));
  const { map, embedding } = backboneWriter(backbone)(g, images);
  if (outputs.includes('embedding')) g.output('embedding', embedding, 'float32', ['N', features]);
  if (outputs.includes('map')) {
    const [, height, width] = model.outputTensor.shape;
    const channelsLast = g.op('Transpose', [map], { perm: [0, 2, 3, 1] });
    g.output('map', channelsLast, 'float32', ['N', height ?? 'h', width ?? 'w', features]);
  }
  return { graph: fold(g.build()), opset: 13 };
}
