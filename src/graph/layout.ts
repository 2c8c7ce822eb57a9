/** Pictures lie channels last in Keras and in files, channels first in graphs, where ONNX convolves them. */
import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/** (N, H, W, C) → (N, C, H, W) */
export const toChannelsFirst = (g: GraphBuilder, value: Value): Value =>
  g.op('Transpose', [value], { perm: [0, 3, 1, 2] });

/** A kernel of Keras's, (H, W, in, out), as ONNX has it: (out, in, H, W). */
export const toOnnxKernel = (g: GraphBuilder, kernel: Value): Value =>
  g.op('Transpose', [kernel], { perm: [3, 2, 0, 1] });

/** (N, C, H, W) → (N, H, W, C) */
export const toChannelsLast = (g: GraphBuilder, value: Value): Value =>
  g.op('Transpose', [value], { perm: [0, 2, 3, 1] });
