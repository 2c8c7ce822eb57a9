import { ValueError } from '../../errors.js';

/**
 * Numbers as Python prints them.
 *
 * JavaScript's `toFixed` rounds halves up and its `String` has other thresholds for exponents, so log files and
 * messages would differ: `0.03125` is `0.0312` to four places in Python, `0.0313` in JavaScript.
 */

/** Python's `repr(float)`: the shortest digits that read back as the same float64, as in `1.0` or `1e-07`. */
export function floatRepr(value: number): string {
  if (!Number.isFinite(value)) return infinityOrNaN(value);
  const [mantissa = '', power] = Math.abs(value).toExponential().split('e');
  const [digits = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(power);
  const sign = isNegative(value) ? '-' : '';
  if (exponent < -4 || exponent >= 16)
    return `${sign}${digits}${fraction && `.${fraction}`}${exponentPart(exponent)}`;
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}${fraction}`;
  const all = (digits + fraction).padEnd(exponent + 2, '0');
  return `${sign}${all.slice(0, exponent + 1)}.${all.slice(exponent + 1)}`;
}

/** NumPy's `str(float32)`: the shortest digits that read back as the same float32. */
export function float32Repr(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return floatRepr(short);
  }
  return floatRepr(Number(value.toPrecision(9)));
}

/** Python's `f"{value:.{places}f}"`, halves rounded to even. */
export function fixed(value: number, places: number): string {
  if (!Number.isFinite(value)) return infinityOrNaN(value);
  return (isNegative(value) ? '-' : '') + withPoint(scaled(value, places), places);
}

/** Python's `f"{value:.{places}e}"`, halves rounded to even. */
export function exponential(value: number, places: number): string {
  if (!Number.isFinite(value)) return infinityOrNaN(value);
  const { digits, exponent } = significant(value, places + 1);
  return `${isNegative(value) ? '-' : ''}${withPoint(digits, places)}${exponentPart(exponent)}`;
}

/** Python's `%g`: `precision` significant digits, without trailing zeros, with an exponent from `10**limit` on. */
function general(value: number, precision: number, limit = precision): string {
  if (!Number.isFinite(value)) return infinityOrNaN(value);
  const { exponent } = significant(value, precision);
  if (exponent >= -4 && exponent < limit) return withoutZeros(fixed(value, precision - 1 - exponent));
  const [number = '', power] = exponential(value, precision - 1).split('e');
  return `${withoutZeros(number)}e${power}`;
}

const SPEC =
  /^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<zero>0)?(?<width>\d+)?(?<group>[,_])?(?:\.(?<precision>\d+))?(?<type>[a-zA-Z%])?$/su;

/**
 * Python's `format(value, spec)` for numbers: fill, alignment, sign, width, grouping, precision, and the types
 * d x X o b e E f F g G %.
 *
 * @param isInteger - whether Python would hold the value as an `int`
 * @throws ValueError for a specification that Python refuses, or that is not covered here.
 */
export function formatNumber(value: number, spec: string, isInteger = false): string {
  const match = SPEC.exec(spec)?.groups;
  if (!match)
    throw new ValueError(
      `Invalid format specifier '${spec}' for object of type '${isInteger ? 'int' : 'float'}'`,
    );
  const { fill, align, sign = '-', zero, width = '0', group, precision, type } = match;
  if (group && (zero || fill === '0'))
    throw new ValueError(`Expected a format without both grouping and zero padding. Received: '${spec}'`);

  const places = precision === undefined ? undefined : Number(precision);
  const text = isInteger ? integerText(value, places, type) : floatText(value, places, type);
  const negative = text.startsWith('-');
  const prefix = negative ? '-' : sign === '-' ? '' : sign;
  const body = grouped(negative ? text.slice(1) : text, group);
  return padded(prefix, body, Number(width), fill ?? (zero ? '0' : ' '), align ?? (zero ? '=' : '>'));
}

function floatText(value: number, places: number | undefined, type: string | undefined): string {
  const precision = places ?? 6;
  switch (type) {
    case undefined:
      if (places === undefined) return floatRepr(value);
      return withDecimal(general(value, Math.max(places, 1), Math.max(places, 1) - 1));
    case 'f':
      return fixed(value, precision);
    case 'F':
      return fixed(value, precision).toUpperCase();
    case 'e':
      return exponential(value, precision);
    case 'E':
      return exponential(value, precision).toUpperCase();
    case 'g':
      return general(value, Math.max(precision, 1));
    case 'G':
      return general(value, Math.max(precision, 1)).toUpperCase();
    case '%':
      return `${fixed(value * 100, precision)}%`;
    default:
      throw new ValueError(`Unknown format code '${type}' for object of type 'float'`);
  }
}

function integerText(value: number, places: number | undefined, type: string | undefined): string {
  const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[type ?? 'd'];
  if (radix === undefined) {
    if (type !== undefined && /[eEfFgG%]/.test(type)) return floatText(value, places, type);
    throw new ValueError(`Unknown format code '${type}' for object of type 'int'`);
  }
  if (places !== undefined) throw new ValueError('Precision not allowed in integer format specifier');
  return type === 'X' ? value.toString(radix).toUpperCase() : value.toString(radix);
}

const infinityOrNaN = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

const isNegative = (value: number): boolean => value < 0 || Object.is(value, -0);

const exponentPart = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;

const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

const withDecimal = (text: string): string => (/^-?\d+$/.test(text) ? `${text}.0` : text);

const withPoint = (digits: bigint, places: number): string => {
  const text = String(digits).padStart(places + 1, '0');
  return places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
};

function grouped(text: string, separator: string | undefined): string {
  if (!separator) return text;
  const whole = /^\d*/.exec(text)?.[0] ?? '';
  const rest = text.slice(whole.length);
  return whole.replaceAll(/\B(?=(\d{3})+$)/g, separator) + rest;
}

function padded(prefix: string, body: string, width: number, fill: string, align: string): string {
  const missing = Math.max(0, width - prefix.length - body.length);
  const before = align === '<' ? 0 : align === '^' ? Math.floor(missing / 2) : missing;
  const [left, right] = [fill.repeat(before), fill.repeat(missing - before)];
  return align === '=' ? prefix + left + body : left + prefix + body + right;
}

/** |value| as `count` significant digits and the power of ten of the first. */
function significant(value: number, count: number): { digits: bigint; exponent: number } {
  if (value === 0) return { digits: 0n, exponent: 0 };
  const magnitude = Math.abs(value);
  let exponent = Number(magnitude.toExponential().split('e')[1]);
  for (;;) {
    const digits = scaled(magnitude, count - 1 - exponent);
    const { length } = String(digits);
    if (length === count) return { digits, exponent };
    exponent += length > count ? 1 : -1;
  }
}

/** |value| · 10^places, rounded to the nearest integer, halves to even; exact, since it divides integers. */
function scaled(value: number, places: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const exponent = (biased || 1) - 1075;
  const power = (base: bigint, by: number) => (by > 0 ? base ** BigInt(by) : 1n);

  const numerator = mantissa * power(2n, exponent) * power(10n, places);
  const denominator = power(2n, -exponent) * power(10n, -places);
  const quotient = numerator / denominator;
  const twice = 2n * (numerator % denominator);
  const up = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** A tuple of numbers; `null` is `None`. */
export const pythonTuple = (items: readonly (number | null)[]): string =>
  `(${items.map((item) => item ?? 'None').join(', ')}${items.length === 1 ? ',' : ''})`;

/** A list of strings. */
export const pythonList = (items: readonly string[]): string =>
  `[${items.map((item) => `'${item}'`).join(', ')}]`;
