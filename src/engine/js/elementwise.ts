import { intOf, textOf } from '../../graph/attributes.js';
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import {
  allocate,
  type Call,
  elements,
  type Kernel,
  larger,
  make,
  numbers,
  OpError,
  smaller,
} from './kernel.js';
import { broadcastShapes, broadcastStrides, eachRow, walk } from './walk.js';

type Binary = (a: number, b: number) => number;
type BigBinary = (a: bigint, b: bigint) => bigint;

/** Combines a row: `y[at + k] = p[m + k·dm] ∘ q[n + k·dn]`, for elements of whatever type the arrays have. */
type Row = (
  y: Float32Array,
  at: number,
  length: number,
  p: Float32Array,
  m: number,
  dm: number,
  q: Float32Array,
  n: number,
  dn: number,
) => void;

const rowOf =
  (f: Binary): Row =>
  (y, at, length, p, m, dm, q, n, dn) => {
    for (let k = 0; k < length; k++, m += dm, n += dn) y[at + k] = f(p[m]!, q[n]!);
  };

/**
 * The loops that training spends its time in, written out: a function that every operation shares is called for each
 * element, which costs several times as much.
 */
const rows: Record<'add' | 'subtract' | 'multiply' | 'divide', Row> = {
  add(y, at, length, p, m, dm, q, n, dn) {
    for (let k = 0; k < length; k++, m += dm, n += dn) y[at + k] = p[m]! + q[n]!;
  },
  subtract(y, at, length, p, m, dm, q, n, dn) {
    for (let k = 0; k < length; k++, m += dm, n += dn) y[at + k] = p[m]! - q[n]!;
  },
  multiply(y, at, length, p, m, dm, q, n, dn) {
    for (let k = 0; k < length; k++, m += dm, n += dn) y[at + k] = p[m]! * q[n]!;
  },
  divide(y, at, length, p, m, dm, q, n, dn) {
    for (let k = 0; k < length; k++, m += dm, n += dn) y[at + k] = p[m]! / q[n]!;
  },
};

/** Broadcasts `a` and `b` and combines them row by row. */
function combine(a: Tensor, b: Tensor, type: Tensor['type'], row: Row): Tensor {
  const dims = broadcastShapes(a.dims, b.dims);
  const y = allocate(type, sizeOf(dims));
  const [p, q] = [elements(a), elements(b)];
  const plan = walk(dims, [broadcastStrides(a.dims, dims), broadcastStrides(b.dims, dims)]);
  const {
    length,
    steps: [dm = 0, dn = 0],
  } = plan;
  eachRow(plan, (at, [m = 0, n = 0]) => row(y, at, length, p, m, dm, q, n, dn));
  return make(type, dims, y);
}

function sameType(a: Tensor, b: Tensor): void {
  if (a.type !== b.type) throw new OpError(`Expected inputs of one type. Received: ${a.type} and ${b.type}.`);
}

/**
 * An operation of two numbers whose result has their type.
 *
 * @param big the operation for int64
 * @param options.integer the operation for other integers, where it differs from that for floats, as in division
 * @param options.row the loop for floats
 */
function arithmetic(f: Binary, big: BigBinary, { integer = f, row = rowOf(f) } = {}): Kernel {
  const bigRow = rowOf(big as unknown as Binary);
  const integerRow = rowOf(integer);
  return ([a, b]: readonly [Tensor, Tensor]) => {
    sameType(a, b);
    if (a.type === 'int64') return combine(a, b, 'int64', bigRow);
    numbers(a);
    return combine(a, b, a.type, a.type === 'float32' || a.type === 'float64' ? row : integerRow);
  };
}

/** JavaScript compares bigints and numbers alike. */
const comparison =
  (f: (a: number, b: number) => boolean): Kernel =>
  ([a, b]: readonly [Tensor, Tensor]) => {
    sameType(a, b);
    if (a.type === 'float16') numbers(a);
    return combine(
      a,
      b,
      'bool',
      rowOf((p, q) => (f(p, q) ? 1 : 0)),
    );
  };

/** An operation of any number of inputs. */
const variadic =
  (pair: Kernel): Kernel =>
  ([first, ...rest], call) =>
    (rest as Tensor[]).reduce((sum, next) => pair([sum, next], call) as Tensor, first as Tensor);

const add = arithmetic(
  (a, b) => a + b,
  (a, b) => a + b,
  { row: rows.add },
);
const sum = variadic(add);

const divide = arithmetic(
  (a, b) => a / b,
  (a, b) => a / b,
  { integer: (a, b) => Math.trunc(a / b), row: rows.divide },
);

/** Integers take the divisor's sign, as in Python; with `fmod` the dividend's, as in C. */
const mod: Kernel = (inputs, call) => {
  if (intOf(call.node, 'fmod', 0) === 1)
    return arithmetic(
      (a, b) => a % b,
      (a, b) => a % b,
    )(inputs, call);
  const python: Binary = (a, b) => a - Math.floor(a / b) * b;
  return arithmetic(python, (a, b) => ((a % b) + b) % b)(inputs, call);
};

const bigPower = (a: bigint, b: number): bigint => a ** BigInt(b);

/** The exponent may have a type of its own. */
function pow([x, y]: readonly [Tensor, Tensor]): Tensor {
  const exponent =
    y.type === 'int64' ? make('float64', y.dims, Float64Array.from(y.data as BigInt64Array, Number)) : y;
  if (x.type === 'int64') return combine(x, exponent, 'int64', rowOf(bigPower as unknown as Binary));
  numbers(x);
  numbers(exponent);
  return combine(x, exponent, x.type, rowOf(Math.pow));
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
  const {
    length,
    steps: [dc = 0, da = 0, db = 0],
  } = plan;
  eachRow(plan, (at, [i = 0, j = 0, l = 0]) => {
    for (let k = 0; k < length; k++) y[at + k] = c[i + k * dc] ? p[j + k * da]! : q[l + k * db]!;
  });
  return make(a.type, dims, y);
}

/** Shifts unsigned integers. */
const bitShift: Kernel = (inputs, call) => {
  const left = textOf(call.node, 'direction') === 'LEFT';
  // A JavaScript shift counts modulo 32, C++ as ONNX Runtime compiles it does the same for uint32.
  return arithmetic(left ? (a, b) => a << b : (a, b) => a >>> b, left ? (a, b) => a << b : (a, b) => a >> b)(
    inputs,
    call,
  );
};

const max = variadic(arithmetic(Math.max, larger));
const min = variadic(arithmetic(Math.min, smaller));

export const elementwise = {
  PRelu: arithmetic(
    (x, slope) => (x < 0 ? slope * x : x),
    (x, slope) => (x < 0n ? slope * x : x),
  ),

  Add: add,
  Sub: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
    { row: rows.subtract },
  ),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b,
    { integer: Math.imul, row: rows.multiply },
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
