import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/**
 * The gradient of a value that was broadcast: sums over the axes along which it was repeated.
 *
 * @param gradient of the shape that the value was broadcast to
 * @param value of the same rank; each of its axes is as long as the gradient's, or 1
 */
export function sumTo(g: GraphBuilder, gradient: Value, value: Value, rank: number): Value {
  const shape = g.op('Shape', [value]);
  const repeats = g.op('Div', [g.op('Shape', [gradient]), shape]);
  // Each axis becomes two: its repeats, then the value's own. Sizes need not be known.
  const pairs = [repeats, shape].map((sizes) => g.op('Unsqueeze', [sizes, g.ints(1)]));
  const split = g.op('Reshape', [g.op('Concat', pairs, { axis: 1 }), g.ints(-1)]);
  const axes = Array.from({ length: rank }, (_, axis) => 2 * axis);
  return g.op('ReduceSum', [g.op('Reshape', [gradient, split]), g.ints(...axes)], { keepdims: 0 });
}
