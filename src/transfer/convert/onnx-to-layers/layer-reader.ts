import { ValueError } from '../../../errors.js';
import { floatOf } from '../../../graph/attributes.js';
import type { Graph, Node, Value } from '../../../graph/graph.js';
import type { Tensor } from '../../../graph/tensor.js';
import type { ActivationName } from '../../../keras/activations.js';
import type { KerasTensor, Layer } from '../../../keras/layers/layer.js';
import { Model } from '../../../keras/models/model.js';
import { inWords, noLayer } from './no-layer.js';

/** A value of the graph as a symbolic tensor. */
export interface Known {
  readonly tensor: KerasTensor;
  /** Whether the graph has pictures as (N, C, H, W), which Keras has as (N, H, W, C). */
  readonly isChannelsFirst: boolean;
}

/** Reads a node into a layer, with `reader.add` or `reader.set`. */
export type ReadNode = (this: LayerReader, node: Node, known: Known) => void;

/** Reads the nodes of a graph one after the other, each into a layer. */
export class LayerReader {
  readonly #values = new Map<Value, Known>();
  readonly #inputs: KerasTensor[] = [];
  readonly #taken = new Set<string>();
  readonly #readers = new Map<Value, Node[]>();

  /** @param reserved names that no layer may get */
  constructor(
    readonly graph: Graph,
    readonly reserved?: RegExp,
  ) {
    for (const node of graph.nodes)
      for (const value of new Set(node.inputs)) {
        const others = this.#readers.get(value);
        if (others) others.push(node);
        else this.#readers.set(value, [node]);
      }
  }

  /** Adds an input of the model. */
  start(value: Value, tensor: KerasTensor, { isChannelsFirst = false } = {}): void {
    this.#values.set(value, { tensor, isChannelsFirst });
    this.#inputs.push(tensor);
    this.#taken.add(tensor.layer.name);
  }

  /**
   * The model that leads to `output`.
   *
   * @param operations how each operation is read
   * @throws ValueError for operations that no layer does
   */
  read(output: Value, operations: Readonly<Record<string, ReadNode>>): Model {
    for (const node of this.graph.nodes) {
      if (this.#values.has(output)) break;
      const known = node.inputs.map((input) => this.#values.get(input)).find((value) => value);
      // Parts of the graph that nothing of the model's inputs flows through belong to none of its layers.
      if (!known || this.#values.has(firstOutput(node))) continue;
      if (!Object.hasOwn(operations, node.op)) throw noLayer(node);
      operations[node.op]?.call(this, node, known);
    }
    const outputs = this.#values.get(output)?.tensor;
    if (!outputs) throw new ValueError(`Expected layers that lead to '${output}'. Received: none.`);
    const [first, ...others] = this.#inputs;
    const inputs = first && others.length === 0 ? first : this.#inputs;
    return new Model({ inputs, outputs, name: this.graph.name || 'model' });
  }

  /** Puts a layer after a known value. The layer's output stands for the node's. */
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
    this.#values.set(firstOutput(node), known);
  }

  /** Every input of a node. @throws ValueError where a layer makes none of them */
  all(node: Node): Known[] {
    return node.inputs.map((value) => {
      const known = this.#values.get(value);
      if (known) return known;
      throw new ValueError(
        `Expected layers before ${inWords(node)}. Received: '${value}', which none makes.`,
      );
    });
  }

  /** The only node that reads this one's output, if it is one of these operations. */
  next(node: Node, ...ops: string[]): Node | undefined {
    const [after, ...others] = this.#readers.get(firstOutput(node)) ?? [];
    return after && others.length === 0 && ops.includes(after.op) ? after : undefined;
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
    const [last = '', layer] = name.split('/').reverse();
    const base = layer !== undefined && last.replace(/_\d+$/, '') === op ? layer : last;
    return this.unique(base || op.toLowerCase());
  }

  unique(wanted: string): string {
    const base = this.reserved?.test(wanted) ? `backbone_${wanted}` : wanted;
    let name = base;
    for (let count = 1; this.#taken.has(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }

  /**
   * The activation of the node's own layer, with the node that computes its result.
   *
   * A layer of its own, like `softmax/Softmax`, is none.
   */
  activation(node: Node): { name: ActivationName; node: Node } | undefined {
    const next = this.next(node, ...Object.keys(activations));
    if (!next || scopeOf(next) !== scopeOf(node)) return undefined;
    const name = activations[next.op]?.(this, next);
    return name && { name, node: next };
  }

  /** The node that ends x · ½(1 + erf(x/√2)), which this one begins. */
  gelu(node: Node): Node | undefined {
    if (node.op !== 'Mul' || this.scalar(node, 1) !== Math.fround(Math.SQRT1_2)) return undefined;
    const erf = this.next(node, 'Erf');
    const sum = erf && this.next(erf, 'Add');
    const half = sum && this.next(sum, 'Mul');
    const end = half && this.next(half, 'Mul');
    if (!sum || !half || !end) return undefined;
    const fits =
      end.inputs[0] === node.inputs[0] && this.scalar(sum, 1) === 1 && this.scalar(half, 1) === 0.5;
    return fits ? end : undefined;
  }
}

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

/** The value by which a node is known; every operation that has a layer makes one. */
const firstOutput = ({ outputs: [value = ''] }: Node): Value => value;

const scopeOf = ({ name }: Node): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));
