/**
 * The two passes of resample.ts in WebAssembly, four sums at a time. They are sums of integers, so their order does
 * not matter and the bytes are those of resample-passes.ts, which stands in where there is no WebAssembly with SIMD.
 */
import type { Image } from '../image.js';
import {
  advance,
  assemble,
  type Code,
  get,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  repeat,
  set,
  v128,
  type WasmFunction,
} from '../wasm.js';
import { half, precision, type Weights } from './filters.js';

/**
 * A table of weights, as the kernels read it: for each output position the byte offset of its first input, the
 * number of groups of weights, then the weights.
 */
const header = 8;

const addProduct = (sum: Local, values: Code, weights: Code): Code =>
  set(sum, i32x4.add(get(sum), i32x4.mul(values, weights)));

/** (sum >> 22), clipped to bytes, of one or four vectors of sums. */
const toBytes = (a: Code, b = a, c = a, d = a): Code => {
  const shift = (sums: Code) => i32x4.shrS(sums, i32.const(precision));
  return i8x16.narrowI16x8U(i16x8.narrowI32x4S(shift(a), shift(b)), i16x8.narrowI32x4S(shift(c), shift(d)));
};

/** Resamples rows of 3 or 4 channels: a vector is a pixel, and four weights are a group. */
function rowKernel(channels: 3 | 4): WasmFunction {
  const [source, sourceStride, rows, target, width, table, entrySize] = [0, 1, 2, 3, 4, 5, 6];
  const [entry, x, from, weights, groups] = [7, 8, 9, 10, 11];
  const [sumA, sumB, pixels] = [12, 13, 14];
  /** The bytes of pixel `i`, each widened to 32 bits; byte 16 is the first of the zeros. */
  const pixel = (i: number): Code => {
    const lanes = Array.from({ length: 16 }, (_, lane) =>
      lane % 4 === 0 && lane / 4 < channels ? i * channels + lane / 4 : 16,
    );
    return i8x16.shuffle(get(pixels), v128.zero, lanes);
  };
  return {
    name: `rows${channels}`,
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    locals: ['i32', 'i32', 'i32', 'i32', 'i32', 'v128', 'v128', 'v128'],
    body: repeat(
      rows,
      set(entry, get(table)),
      set(x, get(width)),
      repeat(
        x,
        set(from, i32.add(get(source), i32.load(get(entry)))),
        set(groups, i32.load(get(entry), 4)),
        set(weights, i32.add(get(entry), i32.const(header))),
        set(sumA, i32x4.splat(i32.const(half))),
        set(sumB, v128.zero),
        repeat(
          groups,
          set(pixels, v128.load(get(from))),
          addProduct(sumA, pixel(0), v128.load32Splat(get(weights))),
          addProduct(sumB, pixel(1), v128.load32Splat(get(weights), 4)),
          addProduct(sumA, pixel(2), v128.load32Splat(get(weights), 8)),
          addProduct(sumB, pixel(3), v128.load32Splat(get(weights), 12)),
          advance(from, i32.const(4 * channels)),
          advance(weights, i32.const(16)),
        ),
        // The fourth byte of an RGB pixel is overwritten by the next one.
        v128.store32(get(target), toBytes(i32x4.add(get(sumA), get(sumB)))),
        advance(target, i32.const(channels)),
        advance(entry, get(entrySize)),
      ),
      advance(source, get(sourceStride)),
    ),
  };
}

/** Resamples columns, sixteen bytes abreast; each weight is a group. */
function columnKernel(): WasmFunction {
  const [source, stride, rows, target, blocks, table, entrySize] = [0, 1, 2, 3, 4, 5, 6];
  const [block, from, weights, groups, start, to] = [7, 8, 9, 10, 11, 12];
  const [sumA, sumB, sumC, sumD, bytes, low, high, weight] = [13, 14, 15, 16, 17, 18, 19, 20];
  const sums = [sumA, sumB, sumC, sumD];
  return {
    name: 'columns',
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    locals: [...Array<'i32'>(6).fill('i32'), ...Array<'v128'>(8).fill('v128')],
    body: repeat(
      rows,
      set(block, get(blocks)),
      set(start, i32.add(get(source), i32.load(get(table)))),
      set(to, get(target)),
      repeat(
        block,
        set(from, get(start)),
        set(groups, i32.load(get(table), 4)),
        set(weights, i32.add(get(table), i32.const(header))),
        ...sums.map((sum) => set(sum, i32x4.splat(i32.const(half)))),
        repeat(
          groups,
          set(bytes, v128.load(get(from))),
          set(weight, v128.load32Splat(get(weights))),
          set(low, i16x8.extendLowI8x16U(get(bytes))),
          set(high, i16x8.extendHighI8x16U(get(bytes))),
          addProduct(sumA, i32x4.extendLowI16x8U(get(low)), get(weight)),
          addProduct(sumB, i32x4.extendHighI16x8U(get(low)), get(weight)),
          addProduct(sumC, i32x4.extendLowI16x8U(get(high)), get(weight)),
          addProduct(sumD, i32x4.extendHighI16x8U(get(high)), get(weight)),
          advance(from, get(stride)),
          advance(weights, i32.const(4)),
        ),
        // The last block writes beyond its row; the next row overwrites that.
        v128.store(get(to), toBytes(get(sumA), get(sumB), get(sumC), get(sumD))),
        advance(to, i32.const(16)),
        advance(start, i32.const(16)),
      ),
      advance(target, get(stride)),
      advance(table, get(entrySize)),
    ),
  };
}

type Kernel = (
  source: number,
  sourceStride: number,
  rows: number,
  target: number,
  length: number,
  table: number,
  entrySize: number,
) => void;

interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly rows3: Kernel;
  readonly rows4: Kernel;
  readonly columns: Kernel;
}

let kernels: Kernels | null | undefined;

/** The compiled kernels, made at the first use; null where they cannot be. */
function loadKernels(): Kernels | null {
  if (kernels === undefined) {
    try {
      const module = new WebAssembly.Module(assemble([rowKernel(3), rowKernel(4), columnKernel()]));
      kernels = new WebAssembly.Instance(module).exports as unknown as Kernels;
    } catch {
      kernels = null;
    }
  }
  return kernels;
}

/** Kernels read and write up to this many bytes beyond their rows. */
const margin = 64;
/** Input bytes that are worked on at once, so that the processor's cache holds them. */
const chunkBytes = 1 << 18;
/** Pictures that need more memory than this are left to plain TypeScript. */
const mostBytes = 1 << 26;

/** A table of `weights`, with their number rounded up to whole groups of `group` by zeros. */
function writeTable(
  { starts, counts, values, stride }: Weights,
  step: number,
  group: number,
): { entries: Int32Array; entrySize: number } {
  const perEntry = 2 + Math.ceil(stride / group) * group;
  const entries = new Int32Array(starts.length * perEntry);
  for (const [i, start] of starts.entries()) {
    const at = i * perEntry;
    const count = counts[i] ?? 0;
    entries[at] = start * step;
    // At least one, since the kernels' loops end when a count becomes 0.
    entries[at + 1] = Math.max(1, Math.ceil(count / group));
    entries.set(values.subarray(i * stride, i * stride + count), at + 2);
  }
  return { entries, entrySize: 4 * perEntry };
}

/** Memory of at least `bytes`. */
function reserve({ memory }: Kernels, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  return new Uint8Array(memory.buffer as ArrayBuffer);
}

/** Resamples rows as `resampleRows`, but only those that `used` reads. Undefined when it cannot. */
export function resampleRowsWasm(image: Image, weights: Weights, used?: Weights): Image | undefined {
  const { height, channels, data } = image;
  const loaded = channels === 1 ? null : loadKernels();
  const width = weights.starts.length;
  const inRow = image.width * channels;
  const outRow = width * channels;
  const { entries, entrySize } = writeTable(weights, channels, 4);
  const chunk = Math.max(1, Math.floor(chunkBytes / inRow));
  const source = entries.byteLength;
  const target = source + chunk * inRow + margin;
  const total = target + chunk * outRow + margin;
  if (!loaded || total > mostBytes) return undefined;
  const out = new Uint8Array(height * outRow);
  const bytes = reserve(loaded, total);
  bytes.set(new Uint8Array(entries.buffer));
  const kernel = channels === 3 ? loaded.rows3 : loaded.rows4;
  const [begin, end] = used ? rangeOf(used) : [0, height];
  for (let y = begin; y < end; y += chunk) {
    const rows = Math.min(chunk, end - y);
    bytes.set(data.subarray(y * inRow, (y + rows) * inRow), source);
    kernel(source, inRow, rows, target, width, 0, entrySize);
    out.set(bytes.subarray(target, target + rows * outRow), y * outRow);
  }
  return { width, height, channels, data: out };
}

/** The first input position that is used, and the one after the last. */
const rangeOf = ({ starts, counts }: Weights): [begin: number, end: number] => [
  starts[0] ?? 0,
  (starts.at(-1) ?? 0) + (counts.at(-1) ?? 0),
];

/** Resamples columns as `resampleColumns`. Undefined when it cannot. */
export function resampleColumnsWasm(image: Image, weights: Weights): Image | undefined {
  const { width, channels, data } = image;
  const loaded = loadKernels();
  const height = weights.starts.length;
  const row = width * channels;
  const { entries, entrySize } = writeTable(weights, row, 1);
  const source = entries.byteLength;
  const target = source + data.length + margin;
  const total = target + height * row + margin;
  if (!loaded || total > mostBytes) return undefined;
  const bytes = reserve(loaded, total);
  bytes.set(new Uint8Array(entries.buffer));
  bytes.set(data, source);
  loaded.columns(source, row, height, target, Math.ceil(row / 16), 0, entrySize);
  return { width, height, channels, data: bytes.slice(target, target + height * row) };
}
