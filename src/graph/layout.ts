/** Pictures lie channels last in Keras and in files, channels first in graphs, where ONNX convolves them. */
import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/** (N, H, W, C) → (N, C, H, W) */
export const toChannelsFirst = (g: GraphBuilder, value: Value): Value =>
  g.op('Transpose', [value], { perm: [0, 3, 1, 2] });

/** (N, C, H, W) → (N, H, W, C) */
export const toChannelsLast = (g: GraphBuilder, value: Value): Value =>
  g.op('Transpose', [value], { perm: [0, 2, 3, 1] });
