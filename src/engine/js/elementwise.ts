import { sizeOf, type Tensor } from '../../graph/tensor.js';
import {
  allocate,
  type Call,
  elements,
  float,
  int,
  type Kernel,
  larger,
  make,
  numbers,
  OpError,
  smaller,
} from './kernel.js';
import { broadcastShapes, broadcastStrides, eachRow, walk } from './walk.js';

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;
type BigBinary = (a: bigint, b: bigint) => bigint;

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
    unary(f(Math.fround(float(call, 'alpha', fallback))))(inputs, call);

/** Broadcasts `a` and `b` and applies `f`, which is given elements of whatever type they have. */
function combine(a: Tensor, b: Tensor, type: Tensor['type'], f: Binary): Tensor {
  const dims = broadcastShapes(a.dims, b.dims);
  const y = allocate(type, sizeOf(dims));
  const [p, q] = [elements(a), elements(b)];
  const plan = walk(dims, [broadcastStrides(a.dims, dims), broadcastStrides(b.dims, dims)]);
  const [da, db] = plan.strides.map((strides) => strides.at(-1)!) as [number, number];
  const length = plan.sizes.at(-1)!;
  eachRow(plan, (at, [i, j]) => {
    for (let k = 0, m = i!, n = j!; k < length; k++, m += da, n += db) y[at + k] = f(p[m]!, q[n]!);
  });
  return make(type, dims, y);
}

function sameType(a: Tensor, b: Tensor): void {
  if (a.type !== b.type) throw new OpError(`Expected inputs of one type. Received: ${a.type} and ${b.type}.`);
}

/**
 * An operation of two numbers whose result has their type.
 *
 * @param integer how integers differ from floats, as in division
 */
const arithmetic =
  (f: Binary, big: BigBinary, integer = f): Kernel =>
  ([a, b]: readonly [Tensor, Tensor]) => {
    sameType(a, b);
    if (a.type === 'int64') return combine(a, b, 'int64', big as unknown as Binary);
    numbers(a);
    return combine(a, b, a.type, a.type === 'float32' || a.type === 'float64' ? f : integer);
  };

/** JavaScript compares bigints and numbers alike. */
const comparison =
  (f: (a: number, b: number) => boolean): Kernel =>
  ([a, b]: readonly [Tensor, Tensor]) => {
    sameType(a, b);
    if (a.type === 'float16') numbers(a);
    return combine(a, b, 'bool', (p, q) => (f(p, q) ? 1 : 0));
  };

/** An operation of any number of inputs. */
const variadic =
  (pair: Kernel): Kernel =>
  ([first, ...rest], call) =>
    (rest as Tensor[]).reduce((sum, next) => pair([sum, next], call) as Tensor, first as Tensor);

const add = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
);
const sum = variadic(add);

const divide = arithmetic(
  (a, b) => a / b,
  (a, b) => a / b,
  (a, b) => Math.trunc(a / b),
);

/** Integers take the divisor's sign, as in Python; with `fmod` the dividend's, as in C. */
const mod: Kernel = (inputs, call) => {
  if (int(call, 'fmod') === 1)
    return arithmetic(
      (a, b) => a % b,
      (a, b) => a % b,
    )(inputs, call);
  const python: Binary = (a, b) => a - Math.floor(a / b) * b;
  return arithmetic(python, (a, b) => ((a % b) + b) % b)(inputs, call);
};

/** The exponent may have a type of its own. */
function pow([x, y]: readonly [Tensor, Tensor]): Tensor {
  const exponent =
    y.type === 'int64' ? make('float64', y.dims, Float64Array.from(y.data as BigInt64Array, Number)) : y;
  if (x.type === 'int64')
    return combine(x, exponent, 'int64', ((a: bigint, b: number) => a ** BigInt(b)) as unknown as Binary);
  numbers(x);
  numbers(exponent);
  return combine(x, exponent, x.type, Math.pow);
}

function clip([x, low, high]: readonly [Tensor, Tensor?, Tensor?], call: Call): Tensor {
  const bounded = low ? max([x, low], call) : x;
  return (high ? min([bounded as Tensor, high], call) : bounded) as Tensor;
}

function where([condition, a, b]: readonly [Tensor, Tensor, Tensor]): Tensor {
  sameType(a, b);
  const dims = broadcastShapes(condition.dims, a.dims, b.dims);
  const y = allocate(a.type, sizeOf(dims));
  const [c, p, q] = [elements(condition), elements(a), elements(b)];
  const plan = walk(
    dims,
    [condition, a, b].map((tensor) => broadcastStrides(tensor.dims, dims)),
  );
  const [dc, da, db] = plan.strides.map((strides) => strides.at(-1)!) as [number, number, number];
  const length = plan.sizes.at(-1)!;
  eachRow(plan, (at, [i, j, l]) => {
    for (let k = 0; k < length; k++) y[at + k] = c[i! + k * dc] ? p[j! + k * da]! : q[l! + k * db]!;
  });
  return make(a.type, dims, y);
}

/** Shifts unsigned integers. */
const bitShift: Kernel = (inputs, call) => {
  const left = call.node.attributes.direction === 'LEFT';
  // A JavaScript shift counts modulo 32, C++ as ONNX Runtime compiles it does the same for uint32.
  return arithmetic(left ? (a, b) => a << b : (a, b) => a >>> b, left ? (a, b) => a << b : (a, b) => a >> b)(
    inputs,
    call,
  );
};

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
export function erf(x: number): number {
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

const max = variadic(arithmetic(Math.max, larger));
const min = variadic(arithmetic(Math.min, smaller));

export const elementwise = {
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
    const alpha = float(call, 'alpha', 1.6732632);
    const gamma = float(call, 'gamma', 1.050701);
    return unary((x) => gamma * (x > 0 ? x : alpha * Math.expm1(x)))(inputs, call);
  }) as Kernel,
  HardSigmoid: ((inputs, call) => {
    const alpha = float(call, 'alpha', 0.2);
    const beta = float(call, 'beta', 0.5);
    return unary((x) => Math.max(0, Math.min(1, alpha * x + beta)))(inputs, call);
  }) as Kernel,
  HardSwish: unary((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  Sigmoid: unary(sigmoid),
  Tanh: unary(Math.tanh),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Mish: unary((x) => x * Math.tanh(softplus(x))),
  Gelu: ((inputs, call) =>
    unary(call.node.attributes.approximate === 'tanh' ? geluTanh : geluExact)(inputs, call)) as Kernel,
  PRelu: arithmetic(
    (x, slope) => (x < 0 ? slope * x : x),
    (x, slope) => (x < 0n ? slope * x : x),
  ),

  Add: add,
  Sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
    Math.imul,
  ),
  Div: divide,
  Mod: mod,
  Pow: pow,
  Max: max,
  Min: min,
  Sum: sum,
  Mean: ((inputs, call) => {
    const total = sum(inputs, call) as Tensor;
    const count = make(total.type, [], allocate(total.type, 1).fill(inputs.length));
    return divide([total, count], call);
  }) as Kernel,
  Clip: clip,
  Where: where,
  BitShift: bitShift,
  BitwiseAnd: arithmetic(
    (a, b) => a & b,
    (a, b) => a & b,
  ),
  BitwiseOr: arithmetic(
    (a, b) => a | b,
    (a, b) => a | b,
  ),
  BitwiseXor: arithmetic(
    (a, b) => a ^ b,
    (a, b) => a ^ b,
  ),

  Greater: comparison((a, b) => a > b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Less: comparison((a, b) => a < b),
  LessOrEqual: comparison((a, b) => a <= b),
  Equal: comparison((a, b) => a === b),
  And: comparison((a, b) => Boolean(a && b)),
  Or: comparison((a, b) => Boolean(a || b)),
  Xor: comparison((a, b) => a !== b),
} satisfies Record<string, Kernel>;
