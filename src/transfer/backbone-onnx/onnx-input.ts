/** How the graph of somebody else's model reads pictures: found in the graph, in its metadata, or in options. */

import { isPreprocessing } from '../../classifier/metadata.js';
import { ValueError } from '../../errors.js';
import type { Model, ValueInfo } from '../../graph/graph.js';
import { type Preprocessing, type Scaling, type ScalingName, scalings } from '../../graph/preprocessing.js';
import type { DataType } from '../../graph/tensor.js';

/** The order of the axes: channels before height and width, or after them. */
type Layout = 'nchw' | 'nhwc';

export interface OnnxInputOptions {
  /** Height and width in pixels, where the graph takes any. Default 224. */
  readonly size?: number;
  /** How the graph wants levels. Default: as the file's `metadata_props` say; bytes are taken as they are. */
  readonly inputScaling?: ScalingName;
  /** Default: where the graph has three channels. */
  readonly inputLayout?: Layout;
}

export interface OnnxInput {
  readonly name: string;
  readonly type: DataType;
  readonly layout: Layout;
  readonly size: Preprocessing['size'];
  readonly scaling: Scaling;
}

/** @throws ValueError when the graph reads no pictures, or when it is not known how */
export function readInput(
  { graph, metadata = {} }: Model,
  path: string,
  options: OnnxInputOptions,
): OnnxInput {
  const [input, ...others] = graph.inputs;
  if (!input || others.length > 0)
    throw new ValueError(
      `Expected a model with one input, which takes pictures. Received: ${graph.inputs.length}${input ? ` (${graph.inputs.map(({ name }) => `'${name}'`).join(', ')})` : ''} in ${path}.`,
    );
  const { name, type, dims } = input;
  if (!['float32', 'float16', 'uint8'].includes(type) || dims.length !== 4)
    throw new ValueError(
      `Expected an input of pictures, float32 or uint8 (N, 3, height, width) or (N, height, width, 3). Received: ${inWords(input)} in ${path}.`,
    );
  const own = ownPreprocessing(metadata);
  const layout = layoutOf(input, path, options.inputLayout);
  const [batch] = dims;
  if (typeof batch === 'number' && batch !== 1)
    throw new ValueError(
      `Expected a model of pictures one by one, or of any number. Received: ${inWords(input)} in ${path}. Hint: export it with a dynamic batch.`,
    );
  return {
    ...{ name, type, layout },
    size: sizeOf(input, path, layout, { size: options.size, own: own?.size }),
    scaling: scalingOf(input, path, { name: options.inputScaling, own, metadata }),
  };
}

function layoutOf(input: ValueInfo, path: string, wanted: Layout | undefined): Layout {
  const [, first, , last] = input.dims;
  const mayBe = (channels: typeof first) => channels === 3 || typeof channels === 'string';
  const possible: Layout[] = [
    ...(mayBe(first) ? ['nchw' as const] : []),
    ...(mayBe(last) ? ['nhwc' as const] : []),
  ];
  // Three channels that are known to be three tell more than a size that is not known.
  const certain = possible.filter((layout) => (layout === 'nchw' ? first : last) === 3);
  const found = certain.length > 0 ? certain : possible;
  const [only, ...others] = found;
  if (wanted && possible.includes(wanted)) return wanted;
  if (!wanted && only && others.length === 0) return only;
  const hint = found.length > 1 && !wanted ? ' Hint: say which with `inputLayout` nchw or nhwc.' : '';
  throw new ValueError(
    `Expected pictures of 3 channels, ${wanted ? `laid out as ${wanted}` : 'first or last'}. Received: ${inWords(input)} in ${path}.${hint}`,
  );
}

/** Of one picture: 4096 × 4096, which as float32 are 200 MB. */
const mostPixels = 2 ** 24;

function sizeOf(
  input: ValueInfo,
  path: string,
  layout: Layout,
  { size, own }: { size?: number; own?: Preprocessing['size'] },
): Preprocessing['size'] {
  const dims = layout === 'nchw' ? input.dims.slice(2) : input.dims.slice(1, 3);
  const fallback = own ?? [224, 224];
  const sideOf = (dim: ValueInfo['dims'][number] | undefined, otherwise: number) =>
    typeof dim === 'number' ? dim : (size ?? otherwise);
  const [height, width] = [sideOf(dims[0], fallback[0]), sideOf(dims[1], fallback[1])];
  if (height * width > mostPixels)
    throw new ValueError(
      `Expected pictures of at most ${mostPixels} pixels. Received: ${height} × ${width} in ${path}.`,
    );
  if (size !== undefined && (height !== size || width !== size))
    throw new ValueError(
      `Expected \`size\` as ${path} reads pictures: ${height} × ${width}. Received: ${size}.`,
    );
  return [height, width];
}

function scalingOf(
  input: ValueInfo,
  path: string,
  {
    name,
    own,
    metadata,
  }: { name?: ScalingName; own?: Preprocessing; metadata: Readonly<Record<string, string>> },
): Scaling {
  if (name) return scalings[name];
  // Whoever reads bytes scales them.
  if (input.type === 'uint8') return scalings.none;
  if (own) return { channels: own.channels, mean: own.mean, scale: own.scale };
  const standard = standardScaling(metadata);
  if (standard) return standard;
  throw new ValueError(
    `Expected to know how ${path} wants the levels of pictures. Received: ${inWords(input)}, and nothing about it in metadata_props. Hint: \`inputScaling\` ${Object.keys(scalings).join(', ')}, as it was trained: 'tf' is −1 to 1, 'torch' ImageNet's mean and deviation, 'caffe' BGR less the mean.`,
  );
}

/** The preprocessing that this project writes into its models. */
export function ownPreprocessing({
  preprocessing,
}: Readonly<Record<string, string>>): Preprocessing | undefined {
  try {
    const value: unknown = JSON.parse(preprocessing ?? '');
    return isPreprocessing(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The scaling in ONNX's own words. https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md */
function standardScaling(metadata: Readonly<Record<string, string>>): Scaling | undefined {
  const ranges: Readonly<Record<string, ScalingName>> = {
    NominalRange_0_255: 'none',
    Normalized_0_1: '0-1',
    Normalized_1_1: 'tf',
  };
  const name = ranges[metadata['Image.NominalPixelRange'] ?? ''];
  const format = metadata['Image.BitmapPixelFormat'] ?? 'Rgb8';
  if (!name || !['Rgb8', 'Bgr8'].includes(format)) return undefined;
  return { ...scalings[name], channels: format === 'Bgr8' ? 'BGR' : 'RGB' };
}

/** `'images': float32 (1, 3, 224, 224)` */
const inWords = ({ name, type, dims }: ValueInfo): string => `'${name}': ${type} (${dims.join(', ')})`;
