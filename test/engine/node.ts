/** Runs single nodes on both engines. */
import type { ExecutionContext } from 'ava';
import { jsEngine } from '../../src/engine/js.js';
import { type OrtNode, ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Attribute, Node } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { type DataType, float32, int64, sizeOf, type Tensor, tensor } from '../../src/graph/tensor.js';
import { assertClose } from '../compare.js';

/** A small generator of numbers on [0, 1) that is the same in every run (mulberry32). */
export function randomStream(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = randomStream(42);

/** Uniform float32 noise. */
export const noise = (dims: readonly number[], low = -2, high = 2): Tensor<'float32'> =>
  float32(
    Float32Array.from({ length: sizeOf(dims) }, () => low + (high - low) * random()),
    dims,
  );

/** Integers from `low` to `high`, both included. */
export const whole = (dims: readonly number[], low: number, high: number): number[] =>
  Array.from({ length: sizeOf(dims) }, () => low + Math.floor(random() * (high - low + 1)));

export const longs = (dims: readonly number[], low: number, high: number) =>
  int64(whole(dims, low, high), dims);

export const int32 = (values: readonly number[], dims: readonly number[] = [values.length]) =>
  tensor('int32', Int32Array.from(values), dims);

export const bytes = (dims: readonly number[]) => tensor('uint8', Uint8Array.from(whole(dims, 0, 255)), dims);

export const bools = (dims: readonly number[]) => tensor('bool', Uint8Array.from(whole(dims, 0, 1)), dims);

export interface Case {
  attributes?: Node['attributes'];
  /** Element types of the outputs. Default: one of the first input's type. */
  outputs?: readonly DataType[];
  opset?: number;
  relative?: number;
  absolute?: number;
}

/** The model that consists of one node. Inputs that are undefined are omitted. */
export function singleNode(
  op: string,
  inputs: readonly (Tensor | undefined)[],
  attributes: Record<string, Attribute> = {},
  outputs: readonly DataType[] = [inputs[0]!.type],
  opset = 13,
): Uint8Array {
  const g = new GraphBuilder(op);
  const names = inputs.map((input, i) => (input ? g.input(`x${i}`, input.type, input.dims) : ''));
  const results = g.ops(op, names, outputs.length, attributes);
  // ONNX Runtime prefers the shapes that it infers to those that a model declares.
  for (const [i, type] of outputs.entries()) g.output(`y${i}`, results[i]!, type, []);
  return encodeModel({ graph: g.build(), opset });
}

let engine: Promise<OrtNode> | undefined;
export const ort = (): Promise<OrtNode> => (engine ??= ortNode({ provider: 'cpu', threads: 1 }));

const describe = (attributes: Case['attributes']) =>
  JSON.stringify(attributes, (_, value) => (typeof value === 'bigint' ? Number(value) : value));

/** Checks that a node gives the same on engine `js` and on ONNX Runtime. */
export async function assertSameNode(
  t: ExecutionContext,
  op: string,
  inputs: readonly (Tensor | undefined)[],
  { attributes = {}, outputs, opset, relative = 2e-6, absolute = 0 }: Case = {},
): Promise<void> {
  const model = singleNode(op, inputs, attributes, outputs, opset);
  const feeds = Object.fromEntries(inputs.flatMap((input, i) => (input ? [[`x${i}`, input] as const] : [])));
  const label = `${op}(${inputs.map((x) => (x ? `${x.type}[${x.dims}]` : '')).join(', ')}) ${describe(attributes)}`;
  const expected = await (await (await ort()).load(model)).run(feeds);
  const actual = await (await jsEngine().load(model)).run(feeds);
  for (const name of Object.keys(expected))
    assertClose(t, actual[name]!, expected[name]!, { label: `${label} ${name}`, relative, absolute });
}
