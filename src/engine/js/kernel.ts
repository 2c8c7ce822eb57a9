import { UserError } from '../../errors.js';
import type { Node } from '../../graph/graph.js';
import { type ArrayOf, arrayTypes, type DataType, type Tensor } from '../../graph/tensor.js';

/** The node that a kernel computes. */
export interface Call {
  readonly node: Node;
  /** How many outputs the node names, omitted ones included. */
  readonly outputs: number;
  /** The function that the graph attribute `name` describes. It reads values of the graphs around it. */
  subgraph(name: string): Subgraph;
}

export interface Subgraph {
  /** The shapes of the outputs as far as the graph declares them; 0 where it does not. */
  readonly outputs: readonly { readonly type: DataType; readonly dims: readonly number[] }[];
  (inputs: readonly Tensor[]): Tensor[];
}

/**
 * Computes an operation. Kernels never change their inputs, and may return data that they share.
 *
 * Written as a method so that a kernel may name its inputs as a tuple: `[x, bias]: readonly [Tensor, Tensor?]`.
 */
export type Kernel = {
  compute(inputs: readonly (Tensor | undefined)[], call: Call): Tensor | readonly Tensor[];
}['compute'];

/** An operation, or inputs of one, that cannot be computed. */
export class OpError extends UserError {
  override name = 'OpError';
}

/** The elements of an int64 or int32 tensor, as axes, shapes and indices are given. */
export const integers = (tensor: Tensor): number[] => Array.from(tensor.data as ArrayLike<number>, Number);

/**
 * The elements as numbers. The static type stands for every array of numbers.
 *
 * @throws OpError for int64 and float16, whose elements are no JavaScript numbers.
 */
export function numbers({ type, data }: Tensor): Float32Array {
  if (type === 'int64' || type === 'float16')
    throw new OpError(`Expected numbers that JavaScript computes with. Received: ${type}.`);
  return data as Float32Array;
}

/** The elements as something to move about without looking at it, whatever their type. */
export const elements = ({ data }: Tensor): Float32Array => data as Float32Array;

/** The first element, of a scalar the only one. */
export function first(tensor: Tensor): number {
  const [value] = elements(tensor);
  if (value === undefined) throw new OpError('Expected a number. Received: none.');
  return value;
}

/** Zeros. The static type stands for every type of element. */
export const allocate = (type: DataType, size: number): Float32Array =>
  new arrayTypes[type](size) as Float32Array;

export const make = (type: DataType, dims: readonly number[], data: ArrayOf[DataType]): Tensor =>
  ({ type, dims, data }) as Tensor;

/** Counts a negative axis from the end. */
export function axisOf(axis: number, rank: number): number {
  if (axis < -rank || axis >= rank) throw new OpError(`Expected an axis of ${rank} axes. Received: ${axis}.`);
  return axis < 0 ? axis + rank : axis;
}

/** `Math.max` for bigints as well. */
export function larger<T extends number | bigint>(a: T, b: T): T {
  if (a > b) return a;
  return b;
}

/** `Math.min` for bigints as well. */
export function smaller<T extends number | bigint>(a: T, b: T): T {
  if (a < b) return a;
  return b;
}
