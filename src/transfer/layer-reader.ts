import { floatOf, intOf, intsOf, textOf } from '../graph/attributes.js';
import type { Graph, Node, Value } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { ActivationName } from '../keras/activations.js';
import { Activation } from '../keras/layers/activation.js';
import { Add } from '../keras/layers/add.js';
import { BatchNormalization } from '../keras/layers/batch-normalization.js';
import { Concatenate } from '../keras/layers/concatenate.js';
import { Conv2D } from '../keras/layers/conv2d.js';
import { Dense } from '../keras/layers/dense.js';
import { DepthwiseConv2D } from '../keras/layers/depthwise-conv2d.js';
import { ELU } from '../keras/layers/elu.js';
import { Flatten } from '../keras/layers/flatten.js';
import { GlobalAveragePooling2D, GlobalMaxPooling2D } from '../keras/layers/global-pooling2d.js';
import { type KerasTensor, type Layer, ValueError } from '../keras/layers/layer.js';
import { LeakyReLU } from '../keras/layers/leaky-relu.js';
import { AveragePooling2D, MaxPooling2D } from '../keras/layers/pooling2d.js';
import { ReLU } from '../keras/layers/relu.js';
import { Rescaling } from '../keras/layers/rescaling.js';
import { Reshape } from '../keras/layers/reshape.js';
import { Softmax } from '../keras/layers/softmax.js';
import { type Padding, type Pair, windowAttributes } from '../keras/layers/window.js';
import { ZeroPadding2D } from '../keras/layers/zero-padding2d.js';
import { Model } from '../keras/models/model.js';

/** What a value of the graph is as a symbolic tensor. */
interface Known {
  readonly tensor: KerasTensor;
  /** Whether the graph has pictures as (N, C, H, W), which Keras has as (N, H, W, C). */
  readonly isChannelsFirst: boolean;
}

/** Reads the nodes of a graph one after the other, each into a layer. */
export class LayerReader {
  readonly #values = new Map<Value, Known>();
  readonly #inputs: KerasTensor[] = [];
  readonly #taken = new Set<string>();
  readonly #readers = new Map<Value, Node[]>();

  constructor(readonly graph: Graph) {
    for (const node of graph.nodes)
      for (const value of new Set(node.inputs))
        this.#readers.set(value, [...(this.#readers.get(value) ?? []), node]);
  }

  /** Says what the model reads. */
  start(value: Value, tensor: KerasTensor, { isChannelsFirst = false } = {}): void {
    this.#values.set(value, { tensor, isChannelsFirst });
    this.#inputs.push(tensor);
    this.#taken.add(tensor.layer.name);
  }

  /**
   * The model that leads to `output`.
   *
   * @throws ValueError for operations that no layer does
   */
  read(output: Value): Model {
    for (const node of this.graph.nodes) {
      if (this.#values.has(output)) break;
      const known = node.inputs.map((input) => this.#values.get(input)).find((value) => value);
      // Parts of the graph that nothing of the model's inputs flows through belong to none of its layers.
      if (known && !this.#values.has(node.outputs[0]!)) this.#readNode(node, known);
    }
    const outputs = this.#values.get(output)?.tensor;
    if (!outputs) throw new ValueError(`Expected layers that lead to '${output}'. Received: none.`);
    const [inputs] = this.#inputs;
    return new Model({
      inputs: this.#inputs.length === 1 ? inputs! : this.#inputs,
      outputs,
      name: this.graph.name || 'model',
    });
  }

  #readNode(node: Node, known: Known): void {
    if (!Object.hasOwn(readers, node.op)) throw noLayer(node);
    readers[node.op]!.call(this, node, known);
  }

  /** Puts a layer after what is known. What the node makes is what the layer makes. */
  add(node: Node, { tensor, isChannelsFirst }: Known, layer: Layer, weights?: Float32Array[]): void {
    const output = layer.apply(tensor);
    for (const [i, { name, shape, value }] of layer.weights.entries())
      if (weights?.[i]?.length !== value.length)
        throw new ValueError(
          `Expected '${name}' of shape (${shape.join(', ')}) for ${inWords(node)}. Received: ${weights?.[i]?.length ?? 'no'} values.`,
        );
    if (weights) layer.setWeights(weights);
    this.set(node, { tensor: output, isChannelsFirst: isChannelsFirst && output.shape.length === 4 });
  }

  set(node: Node, known: Known): void {
    this.#values.set(node.outputs[0]!, known);
  }

  /** What a node reads, all of which layers make. */
  all(node: Node): Known[] {
    return node.inputs.map((value) => {
      const known = this.#values.get(value);
      if (known) return known;
      throw new ValueError(
        `Expected layers before ${inWords(node)}. Received: '${value}', which none makes.`,
      );
    });
  }

  /** The node that alone reads what this one makes, if it is one of these operations. */
  next({ outputs }: Node, ...ops: string[]): Node | undefined {
    const after = this.#readers.get(outputs[0]!) ?? [];
    return after.length === 1 && ops.includes(after[0]!.op) ? after[0] : undefined;
  }

  constant(node: Node, i: number): Tensor | undefined {
    return this.graph.initializers.get(node.inputs[i] ?? '');
  }

  /** A weight, or a constant, of a node. */
  floats(node: Node, i: number): Tensor<'float32'> {
    const tensor = this.constant(node, i);
    if (tensor?.type === 'float32') return tensor as Tensor<'float32'>;
    throw new ValueError(
      `Expected weights in single precision at input ${i} of ${inWords(node)}. Received: ${tensor?.type ?? 'what is computed'}.`,
    );
  }

  /** The one number that a constant holds, if it is one. */
  scalar(node: Node, i: number): number | undefined {
    const tensor = this.constant(node, i);
    return tensor?.type === 'float32' && tensor.data.length === 1 ? Number(tensor.data[0]) : undefined;
  }

  ints(node: Node, i: number): number[] {
    const tensor = this.constant(node, i);
    if (tensor?.type === 'int64') return Array.from(tensor.data as BigInt64Array, Number);
    throw new ValueError(`Expected ${inWords(node)} with fixed sizes. Received: sizes that are computed.`);
  }

  /** The layer that the node was written by: `backbone/conv1/Conv` → `conv1`. */
  name({ name, op }: Node): string {
    const parts = name.split('/');
    const base =
      parts.length > 1 && parts.at(-1)!.replace(/_\d+$/, '') === op ? parts.at(-2)! : parts.at(-1)!;
    return this.unique(base || op.toLowerCase());
  }

  unique(base: string): string {
    let name = base;
    for (let count = 1; this.#taken.has(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }

  /**
   * The activation that the node's own layer has, with the node that makes what comes of it.
   *
   * A layer of its own, like `softmax/Softmax`, is none.
   */
  activation(node: Node): { name: ActivationName; node: Node } | undefined {
    const next = this.next(node, ...Object.keys(activations));
    if (!next || scopeOf(next) !== scopeOf(node)) return undefined;
    const name = activations[next.op]!(this, next);
    return name && { name, node: next };
  }

  /** The node that ends x · ½(1 + erf(x/√2)), which this one begins. */
  gelu(node: Node): Node | undefined {
    if (node.op !== 'Mul' || this.scalar(node, 1) !== Math.fround(Math.SQRT1_2)) return undefined;
    const erf = this.next(node, 'Erf');
    const sum = erf && this.next(erf, 'Add');
    const half = sum && this.next(sum, 'Mul');
    const end = half && this.next(half, 'Mul');
    const fits =
      end?.inputs[0] === node.inputs[0] && this.scalar(sum!, 1) === 1 && this.scalar(half!, 1) === 0.5;
    return fits ? end : undefined;
  }
}

type Read = (this: LayerReader, node: Node, known: Known) => void;

/** Operations that Dense and convolutions have as their activation. */
const activations: Readonly<Record<string, (reader: LayerReader, node: Node) => ActivationName | undefined>> =
  {
    Clip: (reader, node) =>
      reader.scalar(node, 1) === 0 && reader.scalar(node, 2) === 6 ? 'relu6' : undefined,
    Elu: (_, node) => (floatOf(node, 'alpha', 1) === 1 ? 'elu' : undefined),
    LeakyRelu: (_, node) => (floatOf(node, 'alpha', 0.01) === Math.fround(0.2) ? 'leaky_relu' : undefined),
    Relu: () => 'relu',
    Sigmoid: () => 'sigmoid',
    Softmax: () => 'softmax',
    Tanh: () => 'tanh',
  };

const activationLayer = (activation: ActivationName): Read =>
  function (node, known) {
    this.add(node, known, new Activation({ activation, name: this.name(node) }));
  };

const globalPooling = (Pooling: typeof GlobalAveragePooling2D | typeof GlobalMaxPooling2D): Read =>
  function (node, known) {
    // (N, C, 1, 1) → (N, C) is a part of the layer.
    const flat = this.next(node, 'Flatten', 'Squeeze', 'Reshape');
    this.add(flat ?? node, known, new Pooling({ keepdims: !flat, name: this.name(node) }));
  };

const pooling = (Pooling: typeof MaxPooling2D | typeof AveragePooling2D): Read =>
  function (node, known) {
    const [poolSize, strides] = [pairOf(node, 'kernel_shape'), pairOf(node, 'strides')];
    const padding = paddingOf(node, known, poolSize, 'same');
    const isPlain = ['count_include_pad', 'ceil_mode'].every((name) => intOf(node, name, 0) === 0);
    if (!padding || !isPlain || !known.isChannelsFirst) throw noLayer(node);
    this.add(node, known, new Pooling({ poolSize, strides, padding, name: this.name(node) }));
  };

/** How each operation is read. */
const readers: Readonly<Record<string, Read>> = {
  Add(node, known) {
    const [a, b] = [this.scalar(node, 0), this.scalar(node, 1)];
    const offset = b ?? a;
    if (offset !== undefined) {
      this.add(node, known, new Rescaling({ scale: 1, offset, name: this.name(node) }));
      return;
    }
    const tensor = new Add({ name: this.name(node) }).apply(this.all(node).map(({ tensor }) => tensor));
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
    const { data, dims } = this.floats(node, 1);
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
    const kernel = transB === 0 ? data : transposed(data, rows, columns);
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
    this.add(offset === undefined ? node : sum!, known, layer);
  },

  Pad(node, known) {
    const mode = textOf(node, 'mode', 'constant');
    const amounts = this.ints(node, 1);
    const [n0, c0, top, left, n1, c1, bottom, right] = amounts;
    const isPadding = amounts.length === 8 && [n0, c0, n1, c1].every((amount) => amount === 0);
    const isZero = mode === 'constant' && (!node.inputs[2] || this.scalar(node, 2) === 0) && !node.inputs[3];
    if (!known.isChannelsFirst || !isPadding || !isZero) throw noLayer(node);
    const padding = [
      [top!, bottom!],
      [left!, right!],
    ] as const;
    this.add(node, known, new ZeroPadding2D({ padding, name: this.name(node) }));
  },

  Relu(node, known) {
    this.add(node, known, new ReLU({ name: this.name(node) }));
  },

  Reshape(node, known) {
    const [batch, ...targetShape] = this.ints(node, 1);
    if (known.isChannelsFirst || ![0, -1].includes(batch!) || targetShape.includes(0)) throw noLayer(node);
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

function readConvolution(reader: LayerReader, node: Node, known: Known): void {
  const group = intOf(node, 'group', 1);
  const { dims, data } = reader.floats(node, 1);
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
    // These have no backward pass here.
    trainable: false,
  };
  const isDepthwise = group > 1 && group === tensor.shape[3] && depth === 1;
  const layer = isDepthwise
    ? new DepthwiseConv2D({ ...shared, depthMultiplier: filters / group })
    : new Conv2D({ ...shared, filters, groups: group });
  // (filters, depth, height, width) → (height, width, depth, filters); depthwise, filters are channels by multiplier.
  const places = height * width;
  const kernel = new Float32Array(data.length);
  for (let filter = 0; filter < filters; filter++)
    for (let channel = 0; channel < depth; channel++)
      for (let place = 0; place < places; place++)
        kernel[(place * depth + channel) * filters + filter] =
          data[(filter * depth + channel) * places + place]!;
  reader.add(own?.node ?? node, { tensor: padded, isChannelsFirst: true }, layer, [kernel, ...bias]);
}

/** Rows and columns of zeros around a picture, as `ZeroPadding2D` has them. */
type Pads = readonly [Pair, Pair];

/**
 * Keras's word for a window's padding, else, with `otherwise: 'pads'`, the zeros themselves; undefined where there is
 * none.
 */
function paddingOf(node: Node, known: Known, size: Pair, otherwise: 'same'): Padding | undefined;
function paddingOf(node: Node, known: Known, size: Pair, otherwise: 'pads'): Padding | Pads | undefined;
function paddingOf(
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
function pairOf(node: Node, name: string): Pair {
  const values = intsOf(node, name, [1, 1]);
  if (values.length === 2 && values.every((value) => value > 0)) return [values[0]!, values[1]!];
  throw noLayer(node);
}

/** The axis of a node, in Keras's order. */
function axisInKeras(node: Node, { tensor: { shape }, isChannelsFirst }: Known): number {
  const rank = shape.length;
  const axis = intOf(node, 'axis', -1);
  if (axis < -rank || axis >= rank) throw noLayer(node);
  const positive = (axis + rank) % rank;
  const inKeras = isChannelsFirst ? [0, 3, 1, 2][positive]! : positive;
  return inKeras === rank - 1 ? -1 : inKeras;
}

/** (rows, columns) → (columns, rows) */
function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!;
  return out;
}

const scopeOf = ({ name }: Node): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

const inWords = ({ name, op }: Node): string => `'${name || op}'`;

const noLayer = (node: Node): ValueError =>
  new ValueError(
    `Expected operations that have a Keras layer here. Received: ${node.op} (${inWords(node)}). Hint: start from the Keras file, if it came from one; any ONNX model of pictures can be trained on as --weights.`,
  );
