import { ValueError } from '../errors.js';
import type { GraphBuilder } from '../graph/builder.js';
import { float, type Value } from '../graph/graph.js';
import { type Activation, between, gate } from './activation-function.js';
import { rareActivations } from './rare-activations.js';

export type { Activation } from './activation-function.js';

const linear: Activation = {
  name: 'linear',
  forward: (_, x) => x,
  backward: (_, dy) => dy,
};

const relu: Activation = {
  name: 'relu',
  forward: (g, x) => g.op('Relu', [x]),
  backward: (g, dy, { y }) => gate(g, g.op('Greater', [y, g.scalar(0)]), dy),
};

const relu6: Activation = {
  name: 'relu6',
  forward: (g, x) => g.op('Clip', [x, g.scalar(0), g.scalar(6)]),
  backward: (g, dy, { x }) => {
    const inside = g.op('And', [g.op('Greater', [x, g.scalar(0)]), g.op('Less', [x, g.scalar(6)])]);
    return gate(g, inside, dy);
  },
};

/** Slope `alpha` below zero; Keras's default is 0.2 for the function, 0.3 for the layer. */
export const leakyRelu = (alpha = 0.2): Activation => ({
  name: 'leaky_relu',
  forward: (g, x) => g.op('LeakyRelu', [x], { alpha: float(alpha) }),
  backward: (g, dy, { x }) =>
    g.op('Where', [g.op('Greater', [x, g.scalar(0)]), dy, g.op('Mul', [dy, g.scalar(alpha)])]),
});

/** x above zero, α(eˣ − 1) below. */
export const elu = (alpha = 1): Activation => ({
  name: 'elu',
  forward: (g, x) => g.op('Elu', [x], { alpha: float(alpha) }),
  // Below zero f′ = α·eˣ = y + α.
  backward: (g, dy, { x, y }) =>
    g.op('Where', [
      g.op('Greater', [x, g.scalar(0)]),
      dy,
      g.op('Mul', [dy, g.op('Add', [y, g.scalar(alpha)])]),
    ]),
});

/** Φ(x), the normal distribution function: ½(1 + erf(x/√2)). */
const normalCdf = (g: GraphBuilder, x: Value): Value => {
  const erf = g.op('Erf', [g.op('Mul', [x, g.scalar(Math.SQRT1_2)])]);
  return g.op('Mul', [g.op('Add', [erf, g.scalar(1)]), g.scalar(0.5)]);
};

const gelu: Activation = {
  name: 'gelu',
  forward: (g, x) => g.op('Mul', [x, normalCdf(g, x)]),
  // f′ = Φ(x) + x·φ(x), with φ the normal density.
  backward: (g, dy, { x }) => {
    const density = g.op('Exp', [g.op('Mul', [g.op('Mul', [x, x]), g.scalar(-0.5)])]);
    const xDensity = g.op('Mul', [g.op('Mul', [x, density]), g.scalar(1 / Math.sqrt(2 * Math.PI))]);
    return g.op('Mul', [dy, g.op('Add', [normalCdf(g, x), xDensity])]);
  },
};

const sigmoid: Activation = {
  name: 'sigmoid',
  forward: (g, x) => g.op('Sigmoid', [x]),
  backward: (g, dy, { y }) => g.op('Mul', [dy, g.op('Mul', [y, g.op('Sub', [g.scalar(1), y])])]),
};

const tanh: Activation = {
  name: 'tanh',
  forward: (g, x) => g.op('Tanh', [x]),
  backward: (g, dy, { y }) => g.op('Mul', [dy, g.op('Sub', [g.scalar(1), g.op('Mul', [y, y])])]),
};

const silu: Activation = {
  name: 'silu',
  forward: (g, x) => g.op('Mul', [x, g.op('Sigmoid', [x])]),
  // f′ = σ(x) + f(x)·(1 − σ(x))
  backward: (g, dy, { x, y }) => {
    const gateAt = g.op('Sigmoid', [x]);
    const rest = g.op('Mul', [y, g.op('Sub', [g.scalar(1), gateAt])]);
    return g.op('Mul', [dy, g.op('Add', [gateAt, rest])]);
  },
};

/** x/6 + ½, cut to [0, 1]. */
const hardGate = (g: GraphBuilder, x: Value): Value => {
  const line = g.op('Add', [g.op('Mul', [x, g.scalar(1 / 6)]), g.scalar(0.5)]);
  return g.op('Clip', [line, g.scalar(0), g.scalar(1)]);
};

const hardSigmoid: Activation = {
  name: 'hard_sigmoid',
  forward: hardGate,
  backward: (g, dy, { x }) => gate(g, between(g, x, -3, 3), g.op('Mul', [dy, g.scalar(1 / 6)])),
};

const hardSilu: Activation = {
  name: 'hard_silu',
  forward: (g, x) => g.op('Mul', [x, hardGate(g, x)]),
  // f′ = h(x) + x·h′(x), with h the gate, whose slope is 1/6 between −3 and 3.
  backward: (g, dy, { x }) => {
    const slope = gate(g, between(g, x, -3, 3), g.op('Mul', [x, g.scalar(1 / 6)]));
    return g.op('Mul', [dy, g.op('Add', [hardGate(g, x), slope])]);
  },
};

/** eˣ / Σ eˣ along `axis`, as the graph counts axes. */
export const softmax = (axis = -1): Activation => ({
  name: 'softmax',
  forward: (g, x) => g.op('Softmax', [x], { axis }),
  // dx = y ⊙ (dy − Σ dy ⊙ y)
  backward: (g, dy, { y }) => {
    const dot = g.op('ReduceSum', [g.op('Mul', [dy, y]), g.ints(axis)], { keepdims: 1 });
    return g.op('Mul', [y, g.op('Sub', [dy, dot])]);
  },
});

const activations: Record<string, Activation> = {
  linear,
  relu,
  relu6,
  leaky_relu: leakyRelu(),
  elu: elu(),
  gelu,
  sigmoid,
  silu,
  swish: silu,
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  tanh,
  softmax: softmax(),
  ...rareActivations,
};

export type ActivationName =
  | 'linear'
  | 'relu'
  | 'relu6'
  | 'leaky_relu'
  | 'elu'
  | 'gelu'
  | 'sigmoid'
  | 'silu'
  | 'swish'
  | 'hard_sigmoid'
  | 'hard_silu'
  | 'hard_swish'
  | 'tanh'
  | 'softmax'
  | keyof typeof rareActivations;

/** Finds an activation by Keras's name; `null` and `undefined` are `linear`. */
export function getActivation(identifier: ActivationName | Activation | null | undefined): Activation {
  if (identifier == null) return linear;
  if (typeof identifier === 'object') return identifier;
  const activation = Object.hasOwn(activations, identifier) ? activations[identifier] : undefined;
  if (!activation)
    throw new ValueError(
      `Could not interpret activation function identifier: ${identifier}. Hint: one of ${Object.keys(activations).join(', ')}.`,
    );
  return activation;
}
