/** Pictures lie channels last in Keras and in files, channels first in graphs, where ONNX convolves them. */
import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import { shortcutsOf } from './shortcuts.js';

/** (N, H, W, C) → (N, C, H, W) */
export function toChannelsFirst(g: GraphBuilder, value: Value): Value {
  const first = g.op('Transpose', [value], { perm: [0, 3, 1, 2] });
  const shortcuts = shortcutsOf(g);
  shortcuts?.channelsLast.set(first, value);
  shortcuts?.madeChannelsLast.add(first);
  return first;
}

/** A kernel of Keras's, (H, W, in, out), as ONNX has it: (out, in, H, W). */
export const toOnnxKernel = (g: GraphBuilder, kernel: Value): Value =>
  g.op('Transpose', [kernel], { perm: [3, 2, 0, 1] });

/** (N, C, H, W) → (N, H, W, C) */
export function toChannelsLast(g: GraphBuilder, value: Value): Value {
  const known = shortcutsOf(g)?.channelsLast;
  const last = known?.get(value) ?? g.op('Transpose', [value], { perm: [0, 2, 3, 1] });
  known?.set(value, last);
  return last;
}

/**
 * Writes an element-wise operation on images (N, C, H, W): channels last, if all of them lie so already.
 *
 * @param write makes one value of these, of their shape, wherever the channels are
 */
export function elementWise(
  g: GraphBuilder,
  values: readonly Value[],
  write: (values: readonly Value[]) => Value,
): Value {
  const known = shortcutsOf(g)?.channelsLast;
  const last = values.flatMap((value) => known?.get(value) ?? []);
  return last.length === values.length ? toChannelsFirst(g, write(last)) : write(values);
}
