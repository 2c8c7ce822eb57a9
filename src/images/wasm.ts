/**
 * A small assembler for WebAssembly: functions that return the bytes of instructions, to be nested like folded
 * WebAssembly text, `i32.add(get(a), get(b))`. It has the instructions that resample-kernel.ts uses.
 * Format: https://webassembly.github.io/spec/core/binary/
 */

/** Encoded instructions. Those that leave a value on the stack can be operands. */
export type Code = readonly number[];

/** A parameter or local variable, by its index. */
export type Local = number;

type ValueType = 'i32' | 'v128';

const valueTypes: Record<ValueType, number> = { i32: 0x7f, v128: 0x7b };

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

const plain =
  (opcode: number) =>
  (...operands: Code[]): Code => [...operands.flat(), opcode];

const simd =
  (opcode: number) =>
  (...operands: Code[]): Code => [...operands.flat(), 0xfd, ...unsigned(opcode)];

/** Alignment is only a hint; 0 promises nothing. */
const memory = (offset: number): Code => [0, ...unsigned(offset)];

export const get = (local: Local): Code => [0x20, ...unsigned(local)];
export const set = (local: Local, value: Code): Code => [...value, 0x21, ...unsigned(local)];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: (address: Code, offset = 0): Code => [...address, 0x28, ...memory(offset)],
  add: plain(0x6a),
  sub: plain(0x6b),
};

export const v128 = {
  load: (address: Code): Code => [...address, 0xfd, 0, ...memory(0)],
  /** Four bytes of memory in each of the four lanes. */
  load32Splat: (address: Code, offset = 0): Code => [...address, 0xfd, 9, ...memory(offset)],
  store: (address: Code, value: Code): Code => [...address, ...value, 0xfd, 11, ...memory(0)],
  /** Stores the first four bytes. */
  store32: (address: Code, value: Code): Code => [...address, ...value, 0xfd, 0x5a, ...memory(0), 0],
  zero: [0xfd, 12, ...Array<number>(16).fill(0)] as Code,
};

export const i8x16 = {
  /** Picks 16 bytes, by index, of the 32 that `a` and `b` are. */
  shuffle: (a: Code, b: Code, lanes: readonly number[]): Code => [...a, ...b, 0xfd, 13, ...lanes],
  narrowI16x8U: simd(0x66),
};

export const i16x8 = {
  narrowI32x4S: simd(0x85),
  extendLowI8x16U: simd(0x89),
  extendHighI8x16U: simd(0x8a),
};

export const i32x4 = {
  splat: simd(17),
  extendLowI16x8U: simd(0xa9),
  extendHighI16x8U: simd(0xaa),
  shrS: simd(0xac),
  add: simd(0xae),
  mul: simd(0xb5),
};

/** Runs `body` at least once, and again as long as `counter`, less one each time, is not 0. */
export const repeat = (counter: Local, ...body: Code[]): Code => [
  ...[0x03, 0x40],
  ...body.flat(),
  ...set(counter, i32.sub(get(counter), i32.const(1))),
  ...get(counter),
  ...[0x0d, 0, 0x0b],
];

/** `local += amount` */
export const advance = (local: Local, amount: Code): Code => set(local, i32.add(get(local), amount));

export interface WasmFunction {
  readonly name: string;
  /** Types of the parameters, which are the first locals. */
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** A module that exports `functions`, which return nothing, and its `memory`. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const text = (value: string) => vector(Array.from(new TextEncoder().encode(value), (byte) => [byte]));
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(
      1,
      functions.map(({ parameters }) => [0x60, ...vector(parameters.map((type) => [valueTypes[type]])), 0]),
    ),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(5, [[0, 1]]),
    ...section(7, [
      [...text('memory'), 2, 0],
      ...functions.map(({ name }, i) => [...text(name), 0, ...unsigned(i)]),
    ]),
    ...section(
      10,
      functions.map(({ locals, body }) => {
        const code = [...vector(locals.map((type) => [1, valueTypes[type]])), ...body, 0x0b];
        return [...unsigned(code.length), ...code];
      }),
    ),
  ]);
}

const vector = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];

function section(id: number, items: readonly Code[]): number[] {
  const content = vector(items);
  return [id, ...unsigned(content.length), ...content];
}
