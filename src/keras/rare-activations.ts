/** Keras's activations that few networks use. Source: keras.activations */
import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { type Activation, between, gate } from './activation-function.js';

const op = (g: GraphBuilder, name: string, ...inputs: Value[]): Value => g.op(name, inputs);

/** λ·x above zero, λ·α·(eˣ − 1) below. */
const scale = 1.0507009873554805;
const alpha = 1.6732632423543772;
const selu: Activation = {
  name: 'selu',
  forward: (g, x) => g.op('Selu', [x]),
  // Below zero f′ = λ·α·eˣ = y + λ·α.
  backward(g, dy, { x, y }) {
    const below = op(g, 'Add', y, g.scalar(scale * alpha));
    return op(g, 'Mul', dy, op(g, 'Where', op(g, 'Greater', x, g.scalar(0)), g.scalar(scale), below));
  },
};

/** log(1 + eˣ) */
const softplus: Activation = {
  name: 'softplus',
  forward: (g, x) => g.op('Softplus', [x]),
  backward: (g, dy, { x }) => op(g, 'Mul', dy, g.op('Sigmoid', [x])),
};

/** x·tanh(log(1 + eˣ)) */
const mish: Activation = {
  name: 'mish',
  forward: (g, x) => op(g, 'Mul', x, op(g, 'Tanh', g.op('Softplus', [x]))),
  // f′ = t + x·(1 − t²)·σ(x), with t the hyperbolic tangent.
  backward(g, dy, { x }) {
    const t = op(g, 'Tanh', g.op('Softplus', [x]));
    const bend = op(g, 'Mul', op(g, 'Sub', g.scalar(1), op(g, 'Mul', t, t)), g.op('Sigmoid', [x]));
    return op(g, 'Mul', dy, op(g, 'Add', t, op(g, 'Mul', x, bend)));
  },
};

/** x / (1 + |x|) */
const softsign: Activation = {
  name: 'softsign',
  forward: (g, x) => g.op('Softsign', [x]),
  backward(g, dy, { x }) {
    const size = op(g, 'Add', op(g, 'Abs', x), g.scalar(1));
    return op(g, 'Div', dy, op(g, 'Mul', size, size));
  },
};

const exponential: Activation = {
  name: 'exponential',
  forward: (g, x) => g.op('Exp', [x]),
  backward: (g, dy, { y }) => op(g, 'Mul', dy, y),
};

/** x above zero, eˣ − 1 below. */
const celu: Activation = {
  name: 'celu',
  forward: (g, x) => g.op('Elu', [x]),
  backward(g, dy, { x, y }) {
    const below = op(g, 'Add', y, g.scalar(1));
    return op(g, 'Mul', dy, op(g, 'Where', op(g, 'Greater', x, g.scalar(0)), g.scalar(1), below));
  },
};

/** (x + √(x² + 4)) / 2 */
const squareplus: Activation = {
  name: 'squareplus',
  forward: (g, x) => op(g, 'Mul', op(g, 'Add', x, root(g, x)), g.scalar(0.5)),
  backward(g, dy, { x }) {
    const slope = op(g, 'Add', g.scalar(1), op(g, 'Div', x, root(g, x)));
    return op(g, 'Mul', dy, op(g, 'Mul', slope, g.scalar(0.5)));
  },
};
const root = (g: GraphBuilder, x: Value) => op(g, 'Sqrt', op(g, 'Add', op(g, 'Mul', x, x), g.scalar(4)));

/** −log(1 + e⁻ˣ) */
const logSigmoid: Activation = {
  name: 'log_sigmoid',
  forward: (g, x) => op(g, 'Neg', g.op('Softplus', [op(g, 'Neg', x)])),
  backward: (g, dy, { x }) => op(g, 'Mul', dy, g.op('Sigmoid', [op(g, 'Neg', x)])),
};

/** x − tanh x */
const tanhShrink: Activation = {
  name: 'tanh_shrink',
  forward: (g, x) => op(g, 'Sub', x, g.op('Tanh', [x])),
  backward(g, dy, { x }) {
    const t = g.op('Tanh', [x]);
    return op(g, 'Mul', dy, op(g, 'Mul', t, t));
  },
};

const isFar = (g: GraphBuilder, x: Value) => op(g, 'Greater', op(g, 'Abs', x), g.scalar(0.5));

/** x farther than ½ from 0, where it is 0. */
const hardShrink: Activation = {
  name: 'hard_shrink',
  forward: (g, x) => op(g, 'Where', isFar(g, x), x, g.scalar(0)),
  backward: (g, dy, { x }) => gate(g, isFar(g, x), dy),
};

/** x, moved by ½ towards 0. */
const softShrink: Activation = {
  name: 'soft_shrink',
  forward: (g, x) => op(g, 'Sub', x, g.op('Clip', [x, g.scalar(-0.5), g.scalar(0.5)])),
  backward: (g, dy, { x }) => gate(g, isFar(g, x), dy),
};

/** x, cut to [−1, 1]. */
const hardTanh: Activation = {
  name: 'hard_tanh',
  forward: (g, x) => g.op('Clip', [x, g.scalar(-1), g.scalar(1)]),
  backward: (g, dy, { x }) => gate(g, op(g, 'LessOrEqual', op(g, 'Abs', x), g.scalar(1)), dy),
};

/** 0 up to −1, (x + 1)² / 4 up to 1, x above. */
const sparsePlus: Activation = {
  name: 'sparse_plus',
  forward(g, x) {
    const above = op(g, 'Max', op(g, 'Add', x, g.scalar(1)), g.scalar(0));
    const curve = op(g, 'Mul', op(g, 'Mul', above, above), g.scalar(0.25));
    return op(g, 'Where', op(g, 'Less', x, g.scalar(1)), curve, x);
  },
  backward(g, dy, { x }) {
    const slope = op(g, 'Mul', op(g, 'Add', x, g.scalar(1)), g.scalar(0.5));
    return op(g, 'Mul', dy, g.op('Clip', [slope, g.scalar(0), g.scalar(1)]));
  },
};

/** (x + 1) / 2, cut to [0, 1]. */
const sparseSigmoid: Activation = {
  name: 'sparse_sigmoid',
  forward(g, x) {
    const line = op(g, 'Mul', op(g, 'Add', x, g.scalar(1)), g.scalar(0.5));
    return g.op('Clip', [line, g.scalar(0), g.scalar(1)]);
  },
  backward: (g, dy, { x }) => gate(g, between(g, x, -1, 1), op(g, 'Mul', dy, g.scalar(0.5))),
};

export const rareActivations = {
  selu,
  softplus,
  mish,
  softsign,
  exponential,
  celu,
  squareplus,
  log_sigmoid: logSigmoid,
  tanh_shrink: tanhShrink,
  hard_shrink: hardShrink,
  soft_shrink: softShrink,
  hard_tanh: hardTanh,
  sparse_plus: sparsePlus,
  sparse_sigmoid: sparseSigmoid,
} as const satisfies Readonly<Record<string, Activation>>;
