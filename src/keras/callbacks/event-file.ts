/**
 * TensorBoard's event files: records of `tensorflow.Event` protocol buffers.
 *
 * Sources: tensorflow/core/lib/io/record_writer.h, core/util/event.proto, core/framework/{summary,tensor}.proto.
 */

import { joinBytes } from '../../graph/rows.js';

/** A value for TensorBoard to show. */
export interface Summary {
  readonly tag: string;
  /** TensorBoard's plugin that shows it. */
  readonly plugin: 'scalars' | 'histograms' | 'graph_keras_model';
  readonly tensor: Message;
  /** For the plugin to read. */
  readonly content?: string;
}

type Message = Uint8Array;

/** A number, as float32. */
export const scalar = (tag: string, value: number): Summary => ({
  tag,
  plugin: 'scalars',
  tensor: tensor(DT_FLOAT, [], new Uint8Array(Float32Array.of(value).buffer)),
});

/** The architecture of a model, as Keras's JSON. */
export const modelGraph = (json: string): Summary => ({
  tag: 'keras',
  plugin: 'graph_keras_model',
  content: '1',
  tensor: message(varint(1, DT_STRING), bytes(2, message()), bytes(8, utf8(json))),
});

/** How the values are distributed over 30 intervals of equal width. */
export function histogram(tag: string, values: Float32Array): Summary {
  const count = 30;
  const min = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const max = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const width = (max - min) / count;
  const counts = new Array<number>(count).fill(0);
  for (const value of values) {
    // Values that are all the same fall into the last interval.
    const interval = width === 0 ? count - 1 : Math.min(count - 1, Math.floor((value - min) / width));
    counts[interval] = (counts[interval] ?? 0) + 1;
  }
  const edge = (i: number) => (i === count ? max : min + width * i);
  const rows = Float64Array.from(counts.flatMap((inside, i) => [edge(i), edge(i + 1), inside]));
  return { tag, plugin: 'histograms', tensor: tensor(DT_DOUBLE, [count, 3], new Uint8Array(rows.buffer)) };
}

/** The record that begins a file. `time` is in seconds since 1970. */
export const fileHeader = (time: number): Uint8Array =>
  record(
    message(
      double(1, time),
      bytes(3, utf8('brain.Event:2')),
      bytes(10, message(bytes(1, utf8('tensorflow.core.util.events_writer')))),
    ),
  );

/** The record of one value at a step. `time` is in seconds since 1970. */
export function summaryRecord(
  { tag, plugin, tensor, content }: Summary,
  step: number,
  time: number,
): Uint8Array {
  const pluginData = message(bytes(1, utf8(plugin)), ...(content ? [bytes(2, utf8(content))] : []));
  const value = message(bytes(1, utf8(tag)), bytes(8, tensor), bytes(9, message(bytes(1, pluginData))));
  const summary = message(bytes(1, value));
  return record(message(double(1, time), ...(step ? [varint(2, step)] : []), bytes(5, summary)));
}

const DT_FLOAT = 1;
const DT_DOUBLE = 2;
const DT_STRING = 7;

function tensor(type: number, shape: readonly number[], content: Uint8Array): Message {
  const dims = shape.map((size) => bytes(2, message(varint(1, size))));
  return message(varint(1, type), bytes(2, message(...dims)), bytes(4, content));
}

/** Length, its checksum, the data, their checksum; all numbers little-endian. */
function record(data: Uint8Array): Uint8Array {
  const header = new Uint8Array(8);
  new DataView(header.buffer).setBigUint64(0, BigInt(data.length), true);
  return message(header, checksum(header), data, checksum(data));
}

const message = (...fields: readonly Uint8Array[]): Message => joinBytes(fields);

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const bytes = (field: number, value: Uint8Array): Uint8Array =>
  message(digits(field * 8 + 2), digits(value.length), value);

const varint = (field: number, value: number): Uint8Array => message(digits(field * 8), digits(value));

function double(field: number, value: number): Uint8Array {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setFloat64(0, value, true);
  return message(digits(field * 8 + 1), data);
}

/** A whole number in base 128, lowest digits first. */
function digits(value: number): Uint8Array {
  const result: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) result.push((rest % 128) + 128);
  return Uint8Array.from([...result, rest]);
}

/** The CRC-32C of the data, rotated and shifted as TensorFlow does, so that sums over sums are no trouble. */
function checksum(data: Uint8Array): Uint8Array {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  const result = new Uint8Array(4);
  new DataView(result.buffer).setUint32(0, masked, true);
  return result;
}
