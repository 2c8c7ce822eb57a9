import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

/** An element-wise function (softmax: along the last axis) as graph nodes, and its gradient. */
export interface Activation {
  readonly name: string;
  /** y = f(x), both of one shape. */
  forward(g: GraphBuilder, x: Value): Value;
  /** dx = dy · f′(x); may use whichever of x and y is cheaper. */
  backward(g: GraphBuilder, dy: Value, at: { x: Value; y: Value }): Value;
}

/** dy where the condition holds, 0 elsewhere; NaN stays NaN, as in TensorFlow, lest a broken training go on unseen. */
export const gate = (g: GraphBuilder, open: Value, dy: Value): Value =>
  g.op('Mul', [dy, g.cast(open, 'float32')]);

/** Whether x lies between two numbers, both excluded. */
export const between = (g: GraphBuilder, x: Value, low: number, high: number): Value =>
  g.op('And', [g.op('Greater', [x, g.scalar(low)]), g.op('Less', [x, g.scalar(high)])]);
