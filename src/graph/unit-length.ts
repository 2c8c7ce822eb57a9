import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/** Writes x / ‖x‖ along an axis; zeros stay zeros. */
export const toUnitLength = (g: GraphBuilder, x: Value, axis: number): Value =>
  g.op('LpNormalization', [x], { axis, p: 2 });

/** Writes the backward pass of y = x / ‖x‖: dx = (dy − y·Σ y·dy) / ‖x‖. */
export function unitLengthBackward(
  g: GraphBuilder,
  { x, y, dy, axis }: { x: Value; y: Value; dy: Value; axis: number },
): Value {
  const sum = (value: Value) => g.op('ReduceSum', [value, g.ints(axis)], { keepdims: 1 });
  const length = g.op('Max', [g.op('Sqrt', [sum(g.op('Mul', [x, x]))]), g.scalar(1e-12)]);
  const along = g.op('Mul', [y, sum(g.op('Mul', [y, dy]))]);
  return g.op('Div', [g.op('Sub', [dy, along]), length]);
}
