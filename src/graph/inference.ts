import type { GraphBuilder } from './builder.js';
import type { Context, Parameter } from './differentiable.js';
import type { Value } from './graph.js';
import { float32 } from './tensor.js';

/**
 * The context of a graph that predicts.
 *
 * @param weight the value of each parameter. Default: a constant of the graph, written once however many layers share
 *   it, and named after the scope that asks first (`dense/kernel`).
 *
 * @example
 * const g = new GraphBuilder('head');
 * const x = g.input('x', 'float32', ['N', 1024]);
 * const { output } = head.forward(inferenceContext(g), [x]);
 */
export const inferenceContext = (g: GraphBuilder, weight: Context['weight'] = constants(g)): Context => ({
  g,
  training: false,
  weight,
  isTrained: () => false,
  noise() {
    throw new Error('Noise is drawn only while training.');
  },
});

function constants(g: GraphBuilder): Context['weight'] {
  const values = new Map<Parameter, Value>();
  return (parameter) => {
    let value = values.get(parameter);
    if (value === undefined) {
      value = g.initializer(parameter.name, float32(parameter.peek(), parameter.shape));
      values.set(parameter, value);
    }
    return value;
  };
}
