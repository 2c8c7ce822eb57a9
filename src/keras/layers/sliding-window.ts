import { ValueError } from '../../errors.js';
import type { Attribute } from '../../graph/graph.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import { type InputSpec, inputIncompatibility } from './input-spec.js';

/** Height and width. */
export type Pair = readonly [number, number];
export type Padding = 'valid' | 'same';

/** A window that slides over images, for convolution and pooling. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  /** Distance between the elements of the window. */
  readonly dilation: Pair;
}

/** A window of one pixel, which sees every one. */
export const pointWindow: Window = { size: [1, 1], strides: [1, 1], padding: 'valid', dilation: [1, 1] };

/**
 * One number for both axes, or one for each.
 *
 * @throws ValueError in the words of `keras.src.utils.argument_validation.standardize_tuple`
 */
export function toPair(value: number | Pair, argument: string): Pair {
  const pair = typeof value === 'number' ? ([value, value] as const) : value;
  const message = `The \`${argument}\` argument must be a tuple of 2 integers. Received ${argument}=${pythonTuple([value].flat())}`;
  if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(Number.isInteger))
    throw new ValueError(message);
  const unfit = pair.filter((n) => n <= 0);
  if (unfit.length > 0)
    throw new ValueError(
      `${message}, including values {${[...new Set(unfit)].join(', ')}} that do not satisfy \`value > 0\``,
    );
  return pair as Pair;
}

/** @throws ValueError when it is neither `valid` nor `same`, in upper or lower case */
export function toPadding(padding: string): Padding {
  const lower = padding.toLowerCase();
  if (lower === 'valid' || lower === 'same') return lower;
  throw new ValueError(
    `The \`padding\` argument must be a list/tuple or one of {'valid', 'same'}. Received: ${lower}`,
  );
}

/** NumPy's rendering of a short array. */
const numpyArray = (items: readonly (number | null)[]): string =>
  `[${items.map((item) => item ?? 'None').join(' ')}]`;

/**
 * Where a window fits in an image: (N, H, W, C) → (N, H′, W′, channels).
 *
 * @throws ValueError when the window is larger than the image, in Keras's words
 */
export function slide(window: Window, inputShape: Shape, channels: number, kernelShape?: Shape): Shape {
  const { size, strides, padding, dilation } = window;
  const [batch = null, height = null, width = null] = inputShape;
  const places = (length: number | null, axis: 0 | 1) => {
    if (length === null) return null;
    const covered = padding === 'same' ? 1 : dilation[axis] * (size[axis] - 1) + 1;
    return Math.floor((length - covered) / strides[axis]) + 1;
  };
  const spatial = [places(height, 0), places(width, 1)];
  if (spatial.some((length) => length !== null && length <= 0))
    throw new ValueError(
      kernelShape
        ? `Computed output size would be zero or negative. Received \`inputs shape=${pythonTuple(inputShape)}\`, \`kernel shape=${pythonTuple(kernelShape)}\`, \`dilation_rate=${numpyArray(dilation)}\`, \`strides=${pythonTuple(strides)}\`, \`padding=${padding}\`.`
        : `Computed output size would be zero or negative. Received: \`inputs.shape=${numpyArray(inputShape)}\`, \`pool_size=${numpyArray(size)}\`, \`strides=${pythonTuple(strides)}\`, \`padding=${padding}\`.`,
    );
  return [batch, ...spatial, channels];
}

/** How many rows or columns some windows, one after the other, cover together. */
export const coveredBy = ({ size, strides, dilation }: Window, axis: 0 | 1, windows: number): number =>
  (windows - 1) * strides[axis] + dilation[axis] * (size[axis] - 1) + 1;

/**
 * How many rows and columns of zeros `padding` puts around images of this height and width, on both sides together;
 * `null` where that depends on a size that is not known.
 */
export function padsOf(window: Window, sizes: readonly [number | null, number | null]): (number | null)[] {
  return ([0, 1] as const).map((axis) => {
    const length = sizes[axis];
    const stride = window.strides[axis];
    if (window.padding === 'valid') return 0;
    if (stride === 1) return coveredBy(window, axis, 1) - 1;
    return length === null ? null : Math.max(coveredBy(window, axis, Math.ceil(length / stride)) - length, 0);
  });
}

/**
 * The attributes that tell ONNX the same.
 *
 * `same` pads as TensorFlow does: as little as it takes, the odd row and column at the end. That depends on the
 * size of the image, so where the size is unknown ONNX Runtime works it out (`SAME_UPPER`).
 */
export function windowAttributes(
  { size, strides, padding, dilation }: Window,
  inputShape: Shape,
): Record<string, Attribute> {
  const attributes: Record<string, Attribute> = { kernel_shape: [...size] };
  if (strides.some((n) => n !== 1)) attributes.strides = [...strides];
  if (dilation.some((n) => n !== 1)) attributes.dilations = [...dilation];
  if (padding === 'valid') return attributes;

  const pads = padsOf({ size, strides, padding, dilation }, [inputShape[1] ?? null, inputShape[2] ?? null]);
  if (pads.includes(null)) attributes.auto_pad = 'SAME_UPPER';
  else if (pads.some((total) => total !== 0)) {
    const [height, width] = pads as [number, number];
    attributes.pads = [height >> 1, width >> 1, (height + 1) >> 1, (width + 1) >> 1];
  }
  return attributes;
}

/**
 * The number of channels of images (N, H, W, C).
 *
 * @throws ValueError when the input is not a batch of images, or their channels are unknown, in Keras's words
 */
export function channelsOf(layerName: string, inputShape: Shape, spec: InputSpec = { ndim: 4 }): number {
  const problem = inputIncompatibility([spec], [inputShape], layerName);
  if (problem) throw new ValueError(problem);
  const [, , , channels] = inputShape;
  if (channels != null) return channels;
  throw new ValueError(
    `Expected a known number of channels for layer "${layerName}". Received: ${pythonTuple(inputShape)}`,
  );
}
