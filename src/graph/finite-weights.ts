import type { Graph } from './graph.js';
import { halfToNumber } from './half.js';
import { OnnxFormatError } from './onnx-format-error.js';
import type { DataType } from './tensor.js';

interface FloatFormat {
  /** Bytes of a number. */
  readonly size: number;
  /** The bits of the exponent in the last byte and in the one before. All are 1 in NaN and infinity. */
  readonly high: number;
  readonly low: number;
  readonly read: (view: DataView, at: number) => number;
}

const formats: Partial<Record<DataType, FloatFormat>> = {
  float16: { size: 2, high: 0x7c, low: 0, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  float32: { size: 4, high: 0x7f, low: 0x80, read: (view, at) => view.getFloat32(at, true) },
  float64: { size: 8, high: 0x7f, low: 0xf0, read: (view, at) => view.getFloat64(at, true) },
};

/** Whether weights are finite, by their little-endian bytes. Bounds and masks, of 0 and infinity alone, count as such. */
export function areFinite(data: Uint8Array, type: DataType): boolean {
  const format = formats[type];
  if (!format) return true;
  const { size, high, low } = format;
  for (let at = size - 1; at < data.length; at += size)
    if ((data[at]! & high) === high && (data[at - 1]! & low) === low) return isMask(data, format);
  return true;
}

function isMask(data: Uint8Array, { size, read }: FloatFormat): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + size <= data.length; at += size) {
    const value = read(view, at);
    if (value !== 0 && Math.abs(value) !== Number.POSITIVE_INFINITY) return false;
  }
  return true;
}

/** The error for a weight that is NaN or infinite. */
export const notFinite = (name: string): OnnxFormatError =>
  new OnnxFormatError(
    `Expected finite weights. Received: NaN or infinity in '${name}'. Hint: its training failed, or the model is damaged.`,
  );

/** @throws OnnxFormatError when a weight is NaN or infinite */
export function checkWeights({ initializers }: Graph): void {
  for (const [name, { type, data }] of initializers)
    if (!areFinite(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), type))
      throw notFinite(name);
}
