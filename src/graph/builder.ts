import { typeCodes } from './element-types.js';
import type { Attribute, Dim, Graph, Node, Value, ValueInfo } from './graph.js';
import { type DataType, int64, scalar, type Tensor } from './tensor.js';

/**
 * Writes an ONNX graph node by node.
 *
 * Values are named after the operation that makes them, inside the scope that is open, so that the
 * graph reads well in Netron: `dense_1/Gemm`, `dense_1/Relu`.
 *
 * @example
 * const g = new GraphBuilder('double');
 * const x = g.input('x', 'float32', ['N']);
 * g.output('y', g.op('Add', [x, x]), 'float32', ['N']);
 * const model = encodeModel({ graph: g.build(), opset: 13 });
 */
export class GraphBuilder {
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #initializers = new Map<Value, Tensor>();
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Value>();
  /** How often each name was asked for; shared with subgraphs, which may not shadow outer names. */
  readonly #taken: Map<string, number>;
  #scope = '';

  constructor(
    readonly name: string,
    parent?: GraphBuilder,
  ) {
    this.#taken = parent ? parent.#taken : new Map();
  }

  /** A builder that goes on where `graph` ends: its values may be read, and none of its names is made again. */
  static extending(graph: Graph): GraphBuilder {
    const g = new GraphBuilder(graph.name);
    g.#inputs.push(...graph.inputs);
    g.#outputs.push(...graph.outputs);
    for (const [name, tensor] of graph.initializers) g.#initializers.set(name, tensor);
    g.#nodes.push(...graph.nodes);
    const values = [...graph.inputs.map(({ name }) => name), ...graph.initializers.keys()];
    for (const name of [...values, ...graph.nodes.flatMap((node) => [node.name, ...node.outputs])])
      g.#taken.set(name, 1);
    return g;
  }

  /** A builder for the body of a `Loop`, in the scope that is open. It may read this graph's values by name. */
  subgraph(name: string): GraphBuilder {
    const body = new GraphBuilder(name, this);
    body.#scope = this.#scope;
    return body;
  }

  /** Runs `write` with `name/` before every name it makes. */
  scope<T>(name: string, write: () => T): T {
    const outer = this.#scope;
    this.#scope = `${outer}${name}/`;
    try {
      return write();
    } finally {
      this.#scope = outer;
    }
  }

  input(name: string, type: DataType, dims: readonly Dim[]): Value {
    const value = this.#unique(name);
    this.#inputs.push({ name: value, type, dims });
    return value;
  }

  /** Declares `value` an output under `name`, which is its public name and is kept as it is. */
  output(name: string, value: Value, type: DataType, dims: readonly Dim[]): void {
    if (name !== value) {
      if (this.#unique(name) !== name) throw new Error(`Output name '${name}' is taken by another value.`);
      this.#nodes.push({ op: 'Identity', name, inputs: [value], outputs: [name], attributes: {} });
    }
    this.#outputs.push({ name, type, dims });
  }

  /**
   * Declares `value` the next output of a body, where outputs count by their place: under its own name, as another
   * costs a copy. A value that no node here made, or that is an output already, is copied all the same.
   */
  result(value: Value, type: DataType, dims: readonly Dim[]): void {
    const isMade = this.#nodes.some(({ outputs }) => outputs.includes(value));
    const isFree = isMade && !this.#outputs.some(({ name }) => name === value);
    this.#outputs.push({ name: isFree ? value : this.op('Identity', [value]), type, dims });
  }

  /** A weight or other named constant. */
  initializer(name: string, tensor: Tensor): Value {
    const value = this.#unique(this.#scope + name);
    this.#initializers.set(value, tensor);
    return value;
  }

  /** A float32 scalar, written once however often it is asked for. */
  scalar(value: number): Value {
    return this.#constant(`scalar ${value}`, () => scalar(value));
  }

  /** A 1-D int64 constant, as axes, shapes and indices are given. */
  ints(...values: number[]): Value {
    return this.#constant(`ints ${values}`, () => int64(values));
  }

  /** Adds a node with one output and returns that. */
  op(op: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    const name = this.#unique(this.#scope + op);
    this.#nodes.push({ op, name, inputs, outputs: [name], attributes });
    return name;
  }

  /** Adds a node that gives the elements of `value` another type. */
  cast(value: Value, type: DataType): Value {
    return this.op('Cast', [value], { to: typeCodes[type] });
  }

  /** Adds a node with `count` outputs and returns them. */
  ops(
    op: string,
    inputs: readonly Value[],
    count: number,
    attributes: Record<string, Attribute> = {},
  ): Value[] {
    const name = this.#unique(this.#scope + op);
    const outputs =
      count === 1 ? [name] : Array.from({ length: count }, (_, i) => this.#unique(`${name}:${i}`));
    this.#nodes.push({ op, name, inputs, outputs, attributes });
    return outputs;
  }

  /** Adds a node as it is. Its names are the caller's care: `unique` makes them. */
  add(node: Node): void {
    this.#nodes.push(node);
  }

  /** A name that no value and no node has: `name` in the open scope, with a number where that is taken. */
  unique(name: string): Value {
    return this.#unique(this.#scope + name);
  }

  build(): Graph {
    return {
      name: this.name,
      inputs: this.#inputs,
      outputs: this.#outputs,
      initializers: this.#initializers,
      nodes: this.#nodes,
    };
  }

  #constant(key: string, make: () => Tensor): Value {
    let value = this.#constants.get(key);
    if (value === undefined) {
      value = this.#unique(key.replaceAll(/[ ,]/g, '_'));
      this.#initializers.set(value, make());
      this.#constants.set(key, value);
    }
    return value;
  }

  #unique(name: string): Value {
    const count = this.#taken.get(name) ?? 0;
    this.#taken.set(name, count + 1);
    return count === 0 ? name : this.#unique(`${name}_${count}`);
  }
}
