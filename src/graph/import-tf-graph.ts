import { UserError } from '../errors.js';
import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import { toChannelsLast } from './layout.js';
import { float32, type Tensor } from './tensor.js';
import { transpose } from './transpose.js';

/** An attribute of a TensorFlow node in TF.js's JSON: 64-bit integers as text, strings in base64. */
interface TfAttribute {
  readonly s?: string;
  readonly list?: { readonly i?: readonly string[]; readonly s?: readonly string[] };
}

/** A TensorFlow operation. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, TfAttribute>>;
}

/** A TF.js graph model: the topology from `model.json`, and the weights it lists. */
export interface TfGraphModel {
  readonly modelTopology: { readonly node: readonly TfNode[] };
  /** By name; a `Const` node reads the one of its name. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

export interface TfGraphEnds {
  /** A value for each `Placeholder`. Pictures come channels first, (N, C, H, W). */
  readonly inputs: Readonly<Record<string, Value>>;
  /** The names of the wanted nodes. Only nodes that these depend on are written. */
  readonly outputs: readonly string[];
}

/**
 * Writes a TF.js graph model, or the part of it that `outputs` need, into `g`.
 *
 * TensorFlow's pictures are channels last. Here they flow channels first, as ONNX convolves them; `Reshape` sees
 * them channels last again, and so do the outputs of other ranks.
 *
 * @returns the values of `outputs`
 * @throws TfGraphError when an operation, or the way it is used, is unknown
 */
export function importTfGraph(
  g: GraphBuilder,
  { modelTopology, weights }: TfGraphModel,
  { inputs, outputs }: TfGraphEnds,
): Value[] {
  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  const values = new Map(Object.entries(inputs));

  const write = (name: string): Value => {
    const known = values.get(name);
    if (known !== undefined) return known;
    const node = nodes.get(name);
    if (!node) throw new TfGraphError(`Expected the graph to have the node '${name}'.`);
    const convert = operations[node.op];
    if (!convert)
      throw new TfGraphError(
        `Expected one of the operations ${Object.keys(operations).join(', ')}. Received: ${node.op} ('${name}').`,
      );
    const value = convert({ g, node, input: (i) => write(inputName(node, i)), constant: constantOf });
    values.set(name, value);
    return value;
  };
  const constantOf = (node: TfNode, i: number): Tensor => {
    const name = inputName(node, i);
    const tensor = weights.get(name);
    if (!tensor)
      throw new TfGraphError(
        `Expected input ${i} of '${node.name}' (${node.op}) to be a weight. Received: '${name}'.`,
      );
    return tensor;
  };
  return outputs.map(write);
}

/** A graph with an operation that cannot be converted. */
class TfGraphError extends UserError {
  override name = 'TfGraphError';
}

/** The node to convert, its inputs as values, and its weights as numbers. */
interface Conversion {
  readonly g: GraphBuilder;
  readonly node: TfNode;
  input(i: number): Value;
  constant(node: TfNode, i: number): Tensor;
}

const operations: Record<string, (conversion: Conversion) => Value> = {
  _FusedConv2D(conversion) {
    const { g, node, input, constant } = conversion;
    const kernel = constant(node, 1);
    const bias = float32(numbers(constant(node, 2)));
    const y = g.op(
      'Conv',
      [
        input(0),
        g.initializer(`${scopeOf(node)}/kernel`, transpose(kernel, [3, 2, 0, 1])), // (H, W, in, out) → (out, in, H, W)
        g.initializer(`${scopeOf(node)}/bias`, bias),
      ],
      { kernel_shape: kernel.dims.slice(0, 2), ...strides(node), ...padding(node) },
    );
    const fused = node.attr?.fused_ops?.list?.s?.map(decodeText).join(', ') ?? '';
    if (fused === 'BiasAdd') return y;
    if (fused === 'BiasAdd, Relu') return g.op('Relu', [y]);
    throw new TfGraphError(
      `Expected '${node.name}' to fuse BiasAdd, or BiasAdd and Relu. Received: ${fused}.`,
    );
  },

  DepthwiseConv2dNative({ g, node, input, constant }) {
    const kernel = constant(node, 1);
    const [height, width, channels, multiplier] = kernel.dims as [number, number, number, number];
    const { type, data } = transpose(kernel, [2, 3, 0, 1]); // (H, W, in, multiplier) → (in · multiplier, 1, H, W)
    const filters = { type, dims: [channels * multiplier, 1, height, width], data };
    return g.op('Conv', [input(0), g.initializer(`${scopeOf(node)}/kernel`, filters)], {
      kernel_shape: [height, width],
      group: channels,
      ...strides(node),
      ...padding(node),
    });
  },

  AddV2: ({ g, input }) => g.op('Add', [input(0), input(1)]),

  Relu: ({ g, input }) => g.op('Relu', [input(0)]),

  MaxPool: ({ g, node, input }) =>
    g.op('MaxPool', [input(0)], {
      kernel_shape: heightAndWidth(node, 'ksize'),
      ...strides(node),
      ...padding(node),
    }),

  /** With zeros. TensorFlow gives (before, after) for each axis, ONNX all befores and then all afters. */
  Pad({ g, node, input, constant }) {
    const amounts = numbers(constant(node, 1));
    const channelsFirst = [0, 3, 1, 2];
    const pads = [
      ...channelsFirst.map((axis) => amounts[2 * axis] ?? 0),
      ...channelsFirst.map((axis) => amounts[2 * axis + 1] ?? 0),
    ];
    return g.op('Pad', [input(0), g.ints(...pads)]);
  },

  /** Of pictures, whose batch stays free where the model has it fixed at one. */
  Reshape({ g, node, input, constant }) {
    const [batch, ...shape] = numbers(constant(node, 1)) as [number, ...number[]];
    const channelsLast = toChannelsLast(g, input(0));
    return g.op('Reshape', [channelsLast, g.ints(batch === 1 ? 0 : batch, ...shape)]);
  },

  Identity: ({ input }) => input(0),
};

/** The name of a node's input, without the number of the output it comes from. */
function inputName(node: TfNode, i: number): string {
  const name = node.input?.[i];
  if (name === undefined) throw new TfGraphError(`Expected '${node.name}' (${node.op}) to have input ${i}.`);
  return name.replace(/:0$/, '');
}

/** The layer that a node belongs to: `StatefulPartitionedCall/functional_1/conv2d/Relu` → `conv2d`. */
const scopeOf = ({ name }: TfNode): string => name.split('/').at(-2) ?? name;

const decodeText = (base64: string): string => atob(base64);

function heightAndWidth(node: TfNode, attribute: string): number[] {
  const values = node.attr?.[attribute]?.list?.i?.map(Number) ?? [];
  if (values.length !== 4)
    throw new TfGraphError(`Expected '${node.name}' to have ${attribute} of 4 numbers.`);
  return values.slice(1, 3);
}

const strides = (node: TfNode) => ({ strides: heightAndWidth(node, 'strides') });

/** TensorFlow's `SAME` puts the odd pixel of padding at the end, which ONNX calls upper. */
function padding(node: TfNode) {
  const mode = decodeText(node.attr?.padding?.s ?? '');
  if (mode !== 'SAME' && mode !== 'VALID')
    throw new TfGraphError(`Expected '${node.name}' to be padded SAME or VALID. Received: '${mode}'.`);
  return { auto_pad: mode === 'SAME' ? 'SAME_UPPER' : 'VALID' };
}

const numbers = ({ data }: Tensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);
