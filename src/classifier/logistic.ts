import type { Engine, Session } from '../engine/engine.js';
import { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { encodeModel } from '../graph/onnx.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { toUnitLength } from '../graph/unit-length.js';
import { minimise } from './lbfgs.js';

/** Linear layer on normalised embeddings: softmax(x·kernel + bias), x = √D·e/‖e‖. */
export interface Logistic {
  /** (D, C) */
  readonly kernel: Tensor<'float32'>;
  /** (C) */
  readonly bias: Tensor<'float32'>;
}

export interface LogisticData {
  /** Embeddings (N, D), as the backbone gives them. */
  readonly x: Tensor<'float32'>;
  /** One-hot classes (N, C). */
  readonly y: Tensor<'float32'>;
  /** K, the rows that each picture has. Each counts 1/K. Default 1. */
  readonly views?: number;
}

export interface FitLogisticOptions {
  /** C, how much the data count against ½‖kernel‖². */
  readonly strength: number;
  /** Where the search starts, as from the fit of another strength. Default: zeros. */
  readonly start?: Logistic;
}

/** Fits multinomial logistic regression; loss and gradient are one ONNX graph, which the engine runs. */
export class LogisticFitter {
  private constructor(
    readonly session: Session,
    readonly features: number,
    readonly classes: number,
  ) {}

  /** @param shape D, the length of an embedding, and C, the number of classes */
  static async open(
    engine: Engine,
    { features, classes }: { features: number; classes: number },
  ): Promise<LogisticFitter> {
    return new LogisticFitter(await engine.load(lossGraph(features, classes)), features, classes);
  }

  /** Minimises ½‖kernel‖² + (C/K)·Σ cross-entropy by L-BFGS. The bias bears no penalty. */
  async fit({ x, y, views = 1 }: LogisticData, { strength, start }: FitLogisticOptions): Promise<Logistic> {
    const { session, features, classes } = this;
    const size = features * classes;
    const rows = { x: normaliseRows(x), y };
    const from = new Float64Array(size + classes);
    if (start) {
      from.set(start.kernel.data);
      from.set(start.bias.data, size);
    }
    const weight = strength / views;
    const found = await minimise((point) => evaluate(session, rows, { point, size, weight }), from);
    return {
      kernel: float32(Float32Array.from(found.subarray(0, size)), [features, classes]),
      bias: float32(Float32Array.from(found.subarray(size)), [classes]),
    };
  }

  /** Gives back the memory. */
  release(): Promise<void> {
    return this.session.release();
  }
}

/** Loss and gradient at `point`, the kernel (D·C) followed by the bias (C). */
async function evaluate(
  session: Session,
  rows: { readonly x: Tensor; readonly y: Tensor },
  { point, size, weight }: { point: Float64Array; size: number; weight: number },
) {
  const values = Float32Array.from(point);
  const classes = point.length - size;
  const outputs = await session.run({
    ...rows,
    kernel: float32(values.subarray(0, size), [size / classes, classes]),
    bias: float32(values.subarray(size), [classes]),
  });
  let value = weight * Number(outputs.loss?.data[0]);
  const gradient = new Float64Array(point.length);
  gradient.set(outputs.dKernel?.data as Float32Array);
  gradient.set(outputs.dBias?.data as Float32Array, size);
  for (const [i, d] of gradient.entries()) gradient[i] = weight * d;
  for (const [i, w] of point.subarray(0, size).entries()) {
    value += 0.5 * w * w;
    gradient[i] = (gradient[i] ?? 0) + w;
  }
  return { value, gradient };
}

/** Σ cross-entropy over N rows, and its gradient: dLogits = p − y. */
function lossGraph(features: number, classes: number): Uint8Array {
  const g = new GraphBuilder('logistic');
  const x = g.input('x', 'float32', ['N', features]);
  const y = g.input('y', 'float32', ['N', classes]);
  const kernel = g.input('kernel', 'float32', [features, classes]);
  const bias = g.input('bias', 'float32', [classes]);
  const logits = g.op('Gemm', [x, kernel, bias]);
  const logP = g.op('LogSoftmax', [logits], { axis: -1 });
  const total = g.op('ReduceSum', [g.op('Mul', [y, logP])], { keepdims: 0 });
  const dLogits = g.op('Sub', [g.op('Softmax', [logits], { axis: -1 }), y]);
  g.output('loss', g.op('Neg', [total]), 'float32', []);
  g.output('dKernel', g.op('MatMul', [g.op('Transpose', [x], { perm: [1, 0] }), dLogits]), 'float32', [
    features,
    classes,
  ]);
  g.output('dBias', g.op('ReduceSum', [dLogits, g.ints(0)], { keepdims: 0 }), 'float32', [classes]);
  return encodeModel({ graph: g.build(), opset: 13 });
}

/** √D·e/‖e‖ of each row; a row of zeros stays one. */
export function normaliseRows({ data, dims }: Tensor<'float32'>): Tensor<'float32'> {
  const [rows = 0, width = 0] = dims;
  const out = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const from = row * width;
    let square = 0;
    for (let i = from; i < from + width; i++) square += data[i]! ** 2;
    const scale = square > 0 ? Math.sqrt(width / square) : 0;
    for (let i = from; i < from + width; i++) out[i] = data[i]! * scale;
  }
  return float32(out, dims);
}

/** Writes the logits (N, C) of embeddings (N, D). */
export function writeLogistic(g: GraphBuilder, embedding: Value, { kernel, bias }: Logistic): Value {
  const unit = toUnitLength(g, embedding, 1);
  const x = g.op('Mul', [unit, g.scalar(Math.sqrt(kernel.dims[0] ?? 0))]);
  return g.op('Gemm', [x, g.initializer('kernel', kernel), g.initializer('bias', bias)]);
}

/** The logits (N, C) of embeddings (N, D), computed here: for as many rows as pictures are left out. */
export function logitsOf({ kernel, bias }: Logistic, embeddings: Tensor<'float32'>): Float32Array {
  const [rows = 0, features = 0] = embeddings.dims;
  const classes = bias.data.length;
  const { data: x } = normaliseRows(embeddings);
  const logits = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const out = logits.subarray(row * classes, (row + 1) * classes);
    out.set(bias.data);
    for (let d = 0; d < features; d++) {
      const value = x[row * features + d]!;
      for (let c = 0; c < classes; c++) out[c]! += value * kernel.data[d * classes + c]!;
    }
  }
  return logits;
}
