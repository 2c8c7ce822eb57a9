/** Functions of one number, applied to every element. */
import { floatOf, textOf } from '../../graph/attributes.js';
import type { Tensor } from '../../graph/tensor.js';
import { allocate, type Kernel, make, numbers } from './kernel.js';

type Unary = (x: number) => number;

/** Applies `f` to every element; with `big`, to int64 as well. */
const unary =
  (f: Unary, big?: (x: bigint) => bigint): Kernel =>
  ([x]: readonly [Tensor]) => {
    if (x.type === 'int64' && big) return make('int64', x.dims, (x.data as BigInt64Array).map(big));
    const values = numbers(x);
    const y = allocate(x.type, values.length);
    for (let i = 0; i < y.length; i++) y[i] = f(values[i]!);
    return make(x.type, x.dims, y);
  };

/** An activation that an attribute `alpha` shapes. */
const withAlpha =
  (fallback: number, f: (alpha: number) => Unary): Kernel =>
  (inputs, call) =>
    unary(f(Math.fround(floatOf(call.node, 'alpha', fallback))))(inputs, call);

/** Halves go to the even neighbour. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const exp = Math.exp;
const sigmoid: Unary = (x) => 1 / (1 + exp(-x));
/** log(1 + eˣ) without overflow. */
const softplus: Unary = (x) => Math.max(x, 0) + Math.log1p(exp(-Math.abs(x)));

/**
 * The error function, within 1e-15 or so: its Taylor series near zero, the continued fraction of `erfc` elsewhere.
 * Abramowitz and Stegun, 7.1.6 and 7.1.14.
 */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6 || Number.isNaN(z)) return Number.isNaN(z) ? z : Math.sign(x);
  let value: number;
  if (z < 2.5) {
    let term = z;
    value = z;
    for (let n = 1; term > 1e-17 * value; n++) {
      term *= (2 * z * z) / (2 * n + 1);
      value += term;
    }
    value *= (2 / Math.sqrt(Math.PI)) * exp(-z * z);
  } else {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
    value = 1 - exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction));
  }
  return x < 0 ? -value : value;
}

const geluExact: Unary = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
const geluTanh: Unary = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

export const functions = {
  Abs: unary(Math.abs, (x) => (x < 0n ? -x : x)),
  Neg: unary(
    (x) => -x,
    (x) => -x,
  ),
  Sign: unary(Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((x) => 1 / x),
  Exp: unary(exp),
  Log: unary(Math.log),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundHalfToEven),
  Erf: unary(erf),
  Not: unary((x) => (x ? 0 : 1)),

  Relu: unary(
    (x) => Math.max(x, 0),
    (x) => (x < 0n ? 0n : x),
  ),
  LeakyRelu: withAlpha(0.01, (alpha) => (x) => (x < 0 ? alpha * x : x)),
  Elu: withAlpha(1, (alpha) => (x) => (x < 0 ? alpha * Math.expm1(x) : x)),
  Selu: ((inputs, call) => {
    const alpha = floatOf(call.node, 'alpha', 1.6732632);
    const gamma = floatOf(call.node, 'gamma', 1.050701);
    return unary((x) => gamma * (x > 0 ? x : alpha * Math.expm1(x)))(inputs, call);
  }) as Kernel,
  HardSigmoid: ((inputs, call) => {
    const alpha = floatOf(call.node, 'alpha', 0.2);
    const beta = floatOf(call.node, 'beta', 0.5);
    return unary((x) => Math.max(0, Math.min(1, alpha * x + beta)))(inputs, call);
  }) as Kernel,
  HardSwish: unary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  Sigmoid: unary(sigmoid),
  Tanh: unary(Math.tanh),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  Gelu: ((inputs, call) =>
    unary(textOf(call.node, 'approximate') === 'tanh' ? geluTanh : geluExact)(inputs, call)) as Kernel,
} satisfies Record<string, Kernel>;
