import { floatOf, intOf, intsOf, textOf } from '../../../graph/attributes.js';
import type { Node } from '../../../graph/graph.js';
import { transpose } from '../../../graph/transpose.js';
import type { ActivationName } from '../../../keras/activations.js';
import { Activation } from '../../../keras/layers/activation.js';
import { Add } from '../../../keras/layers/add.js';
import { BatchNormalization } from '../../../keras/layers/batch-normalization.js';
import { Concatenate } from '../../../keras/layers/concatenate.js';
import { Dense } from '../../../keras/layers/dense.js';
import { ELU } from '../../../keras/layers/elu.js';
import { Flatten } from '../../../keras/layers/flatten.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../../../keras/layers/global-pooling2d.js';
import { LeakyReLU } from '../../../keras/layers/leaky-relu.js';
import { AveragePooling2D, MaxPooling2D } from '../../../keras/layers/pooling2d.js';
import { ReLU } from '../../../keras/layers/relu.js';
import { Rescaling } from '../../../keras/layers/rescaling.js';
import { Reshape } from '../../../keras/layers/reshape.js';
import { Softmax } from '../../../keras/layers/softmax.js';
import { UnitNormalization } from '../../../keras/layers/unit-normalization.js';
import { ZeroPadding2D } from '../../../keras/layers/zero-padding2d.js';
import type { Known, ReadNode } from './layer-reader.js';
import { noLayer } from './no-layer.js';
import { paddingOf, pairOf, readConvolution } from './read-convolution.js';

const activationLayer = (activation: ActivationName): ReadNode =>
  function (node, known) {
    this.add(node, known, new Activation({ activation, name: this.name(node) }));
  };

const globalPooling = (Pooling: typeof GlobalAveragePooling2D | typeof GlobalMaxPooling2D): ReadNode =>
  function (node, known) {
    // (N, C, 1, 1) → (N, C) is a part of the layer.
    const flat = this.next(node, 'Flatten', 'Squeeze', 'Reshape');
    this.add(flat ?? node, known, new Pooling({ keepdims: !flat, name: this.name(node) }));
  };

const pooling = (Pooling: typeof MaxPooling2D | typeof AveragePooling2D): ReadNode =>
  function (node, known) {
    const [poolSize, strides] = [pairOf(node, 'kernel_shape'), pairOf(node, 'strides')];
    const padding = paddingOf(node, known, poolSize, 'same');
    const isPlain = ['count_include_pad', 'ceil_mode'].every((name) => intOf(node, name, 0) === 0);
    if (!padding || !isPlain || !known.isChannelsFirst) throw noLayer(node);
    this.add(node, known, new Pooling({ poolSize, strides, padding, name: this.name(node) }));
  };

/** How each operation is read. */
export const operations: Readonly<Record<string, ReadNode>> = {
  Add(node, known) {
    const [a, b] = [this.scalar(node, 0), this.scalar(node, 1)];
    const offset = b ?? a;
    if (offset !== undefined) {
      this.add(node, known, new Rescaling({ scale: 1, offset, name: this.name(node) }));
      return;
    }
    const tensors = this.all(node).map(({ tensor }) => tensor);
    // Where ranks differ, ONNX counts axes from the last one, Keras from the batch.
    if (new Set(tensors.map(({ shape }) => shape.length)).size > 1) throw noLayer(node);
    const tensor = new Add({ name: this.name(node) }).apply(tensors);
    this.set(node, { ...known, tensor });
  },

  AveragePool: pooling(AveragePooling2D),

  BatchNormalization(node, known) {
    const layer = new BatchNormalization({
      epsilon: floatOf(node, 'epsilon', 1e-5),
      name: this.name(node),
    });
    if (!known.isChannelsFirst && known.tensor.shape.length !== 2) throw noLayer(node);
    this.add(
      node,
      known,
      layer,
      [1, 2, 3, 4].map((i) => this.floats(node, i).data),
    );
  },

  Clip(node, known) {
    const [low, high] = [this.scalar(node, 1), this.scalar(node, 2)];
    if (low !== 0 || high === undefined) throw noLayer(node);
    this.add(node, known, new ReLU({ maxValue: high, name: this.name(node) }));
  },

  Concat(node, known) {
    const all = this.all(node);
    if (all.some(({ isChannelsFirst }) => isChannelsFirst !== known.isChannelsFirst)) throw noLayer(node);
    const layer = new Concatenate({ axis: axisInKeras(node, known), name: this.name(node) });
    this.set(node, { ...known, tensor: layer.apply(all.map(({ tensor }) => tensor)) });
  },

  Conv(node, known) {
    if (!known.isChannelsFirst) throw noLayer(node);
    readConvolution(this, node, known);
  },

  Div(node, known) {
    const divisor = this.scalar(node, 1);
    if (divisor === undefined || divisor === 0) throw noLayer(node);
    this.add(node, known, new Rescaling({ scale: 1 / divisor, name: this.name(node) }));
  },

  Elu(node, known) {
    const alpha = floatOf(node, 'alpha', 1);
    this.add(node, known, new ELU({ alpha, name: this.name(node) }));
  },

  Flatten(node, known) {
    const { shape } = known.tensor;
    const isFlat = shape.length === 2 || (known.isChannelsFirst && shape[1] === 1 && shape[2] === 1);
    if (intOf(node, 'axis', 1) !== 1 || (known.isChannelsFirst && !isFlat)) throw noLayer(node);
    if (shape.length === 2) this.set(node, known);
    else this.add(node, known, new Flatten({ name: this.name(node) }));
  },

  Gemm(node, known) {
    const transB = intOf(node, 'transB', 0);
    const isPlain = [floatOf(node, 'alpha', 1), floatOf(node, 'beta', 1)].every((factor) => factor === 1);
    const weights = this.floats(node, 1);
    const { dims } = weights;
    if (!isPlain || intOf(node, 'transA', 0) !== 0 || dims.length !== 2) throw noLayer(node);
    const [rows, columns] = dims as [number, number];
    const bias = node.inputs[2] ? [this.floats(node, 2).data] : [];
    const activation = this.activation(node);
    const layer = new Dense({
      units: transB === 0 ? columns : rows,
      useBias: bias.length > 0,
      activation: activation?.name,
      name: this.name(node),
    });
    const kernel = (transB === 0 ? weights : transpose(weights)).data;
    this.add(activation?.node ?? node, known, layer, [kernel, ...bias]);
  },

  GlobalAveragePool: globalPooling(GlobalAveragePooling2D),
  GlobalMaxPool: globalPooling(GlobalMaxPooling2D),

  Identity(node, known) {
    this.set(node, known);
  },

  LeakyRelu(node, known) {
    const negativeSlope = floatOf(node, 'alpha', 0.01);
    this.add(node, known, new LeakyReLU({ negativeSlope, name: this.name(node) }));
  },

  LpNormalization(node, known) {
    if (intOf(node, 'p', 2) !== 2) throw noLayer(node);
    this.add(node, known, new UnitNormalization({ axis: axisInKeras(node, known), name: this.name(node) }));
  },

  MaxPool: pooling(MaxPooling2D),

  Mul(node, known) {
    const gelu = this.gelu(node);
    if (gelu) {
      this.add(gelu, known, new Activation({ activation: 'gelu', name: this.name(node) }));
      return;
    }
    const scale = this.scalar(node, 1) ?? this.scalar(node, 0);
    if (scale === undefined) throw noLayer(node);
    const sum = this.next(node, 'Add');
    const offset = sum && (this.scalar(sum, 1) ?? this.scalar(sum, 0));
    const layer = new Rescaling({ scale, offset: offset ?? 0, name: this.name(node) });
    this.add(sum && offset !== undefined ? sum : node, known, layer);
  },

  Pad(node, known) {
    const mode = textOf(node, 'mode', 'constant');
    const amounts = this.ints(node, 1);
    const [n0, c0, top = 0, left = 0, n1, c1, bottom = 0, right = 0] = amounts;
    const isPadding = amounts.length === 8 && [n0, c0, n1, c1].every((amount) => amount === 0);
    const isZero = mode === 'constant' && (!node.inputs[2] || this.scalar(node, 2) === 0) && !node.inputs[3];
    if (!known.isChannelsFirst || !isPadding || !isZero) throw noLayer(node);
    const padding = [
      [top, bottom],
      [left, right],
    ] as const;
    this.add(node, known, new ZeroPadding2D({ padding, name: this.name(node) }));
  },

  Relu(node, known) {
    this.add(node, known, new ReLU({ name: this.name(node) }));
  },

  Reshape(node, known) {
    const [batch = NaN, ...targetShape] = this.ints(node, 1);
    if (known.isChannelsFirst || ![0, -1].includes(batch) || targetShape.includes(0)) throw noLayer(node);
    this.add(node, known, new Reshape({ targetShape, name: this.name(node) }));
  },

  Sigmoid: activationLayer('sigmoid'),

  Softmax(node, known) {
    const axis = axisInKeras(node, known);
    this.add(node, known, new Softmax({ axis, name: this.name(node) }));
  },

  Tanh: activationLayer('tanh'),

  /** Between Keras's order of axes and ONNX's. */
  Transpose(node, known) {
    const perm = String(intsOf(node, 'perm', []));
    if (perm !== (known.isChannelsFirst ? '0,2,3,1' : '0,3,1,2')) throw noLayer(node);
    this.set(node, { ...known, isChannelsFirst: !known.isChannelsFirst });
  },
};

/** Where (N, C, H, W) has its axes in (N, H, W, C). */
const channelsLast = [0, 3, 1, 2] as const;

/** The axis of a node, in Keras's order. */
function axisInKeras(node: Node, { tensor: { shape }, isChannelsFirst }: Known): number {
  const rank = shape.length;
  const axis = intOf(node, 'axis', -1);
  if (axis < -rank || axis >= rank) throw noLayer(node);
  const positive = (axis + rank) % rank;
  const inKeras = isChannelsFirst ? (channelsLast[positive] ?? positive) : positive;
  return inKeras === rank - 1 ? -1 : inKeras;
}
