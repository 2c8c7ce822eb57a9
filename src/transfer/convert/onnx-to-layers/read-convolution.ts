import { intOf, intsOf, textOf } from '../../../graph/attributes.js';
import type { Node } from '../../../graph/graph.js';
import { transpose } from '../../../graph/transpose.js';
import { Conv2D } from '../../../keras/layers/conv2d.js';
import { DepthwiseConv2D } from '../../../keras/layers/depthwise-conv2d.js';
import { type Padding, type Pair, windowAttributes } from '../../../keras/layers/sliding-window.js';
import { ZeroPadding2D } from '../../../keras/layers/zero-padding2d.js';
import type { Known, LayerReader } from './layer-reader.js';
import { noLayer } from './no-layer.js';

/** Reads a `Conv` into `Conv2D` or `DepthwiseConv2D`, with a `ZeroPadding2D` before it where Keras needs one. */
export function readConvolution(reader: LayerReader, node: Node, known: Known): void {
  const group = intOf(node, 'group', 1);
  const weights = reader.floats(node, 1);
  const { dims } = weights;
  if (dims.length !== 4) throw noLayer(node);
  const [filters, depth, height, width] = dims as [number, number, number, number];
  const size = [height, width] as const;
  const padding = paddingOf(node, known, size, 'pads');
  if (!padding) throw noLayer(node);
  const name = reader.name(node);
  const { tensor } = known;
  const padded =
    typeof padding === 'string'
      ? tensor
      : new ZeroPadding2D({ padding, name: reader.unique(`${name}_pad`) }).apply(tensor);
  const bias = node.inputs[2] ? [reader.floats(node, 2).data] : [];
  const activation = reader.activation(node);
  const own = activation?.name === 'softmax' ? undefined : activation;
  const shared = {
    kernelSize: size,
    strides: pairOf(node, 'strides'),
    padding: typeof padding === 'string' ? padding : 'valid',
    dilationRate: pairOf(node, 'dilations'),
    useBias: bias.length > 0,
    activation: own?.name,
    name,
    // The head was trained on what they made.
    trainable: false,
  };
  const isDepthwise = group > 1 && group === tensor.shape[3] && depth === 1;
  const layer = isDepthwise
    ? new DepthwiseConv2D({ ...shared, depthMultiplier: filters / group })
    : new Conv2D({ ...shared, filters, groups: group });
  // (filters, depth, height, width) → (height, width, depth, filters); depthwise, filters are channels by multiplier.
  const kernel = transpose(weights, [2, 3, 1, 0]).data;
  reader.add(own?.node ?? node, { tensor: padded, isChannelsFirst: true }, layer, [kernel, ...bias]);
}

/** Rows and columns of zeros around a picture, as `ZeroPadding2D` has them. */
type Pads = readonly [Pair, Pair];

/**
 * Keras's word for a window's padding, else, with `otherwise: 'pads'`, the zeros themselves; undefined where there is
 * none.
 */
export function paddingOf(node: Node, known: Known, size: Pair, otherwise: 'same'): Padding | undefined;
export function paddingOf(
  node: Node,
  known: Known,
  size: Pair,
  otherwise: 'pads',
): Padding | Pads | undefined;
export function paddingOf(
  node: Node,
  { tensor }: Known,
  size: Pair,
  otherwise: 'same' | 'pads',
): Padding | Pads | undefined {
  const autoPad = textOf(node, 'auto_pad', 'NOTSET');
  const pads = intsOf(node, 'pads', [0, 0, 0, 0]);
  if (autoPad === 'SAME_UPPER') return 'same';
  if (autoPad === 'VALID' || (autoPad === 'NOTSET' && pads.every((pad) => pad === 0))) return 'valid';
  if (autoPad !== 'NOTSET' || pads.length !== 4) return undefined;
  const window = { size, strides: pairOf(node, 'strides'), dilation: pairOf(node, 'dilations') };
  const same = windowAttributes({ ...window, padding: 'same' }, tensor.shape);
  if (String(same.pads) === String(pads)) return 'same';
  const [top, left, bottom, right] = pads as [number, number, number, number];
  return otherwise === 'same'
    ? undefined
    : [
        [top, bottom],
        [left, right],
      ];
}

/** Height and width; 1 and 1 where they are left out. */
export function pairOf(node: Node, name: string): Pair {
  const [height = 0, width = 0, ...others] = intsOf(node, name, [1, 1]);
  if (height > 0 && width > 0 && others.length === 0) return [height, width];
  throw noLayer(node);
}
