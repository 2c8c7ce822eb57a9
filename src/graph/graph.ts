import type { DataType, Tensor } from './tensor.js';

/** The name of a value that flows between nodes. */
export type Value = string;

/** A dimension: a size, or the name of one that is known only at run time. */
export type Dim = number | string;

export interface ValueInfo {
  readonly name: Value;
  readonly type: DataType;
  readonly dims: readonly Dim[];
}

/** A float attribute. A bare `number` is an ONNX `int`, so floats say so: `float(0.1)`. */
export interface FloatAttribute {
  readonly float: number;
}
export const float = (value: number): FloatAttribute => ({ float: value });

export type Attribute =
  | number
  | string
  | readonly number[]
  | FloatAttribute
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: Graph };

/** One ONNX operation. An empty input name is an omitted optional input, as ONNX writes it. */
export interface Node {
  readonly op: string;
  readonly domain?: string;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** The first input of a node; empty where it is left out. */
export const firstInput = ({ inputs: [first = ''] }: Node): Value => first;

/** The node that makes each value. */
export const makersOf = ({ nodes }: Pick<Graph, 'nodes'>): ReadonlyMap<Value, Node> =>
  new Map(nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));

/** An ONNX graph as plain data: nodes in topological order, with the constants they read. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<Value, Tensor>;
  readonly nodes: readonly Node[];
}

/** A graph with its operator set and its metadata. */
export interface Model {
  readonly graph: Graph;
  /** Operator set version: 13 unless the graph resizes with antialiasing, which needs 18. */
  readonly opset: number;
  /** Free key-value pairs that travel in `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}
