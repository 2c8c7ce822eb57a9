import { fileURLToPath } from 'node:url';
import { reasonOf } from '#platform';
import { ValueError } from '../../errors.js';
import { type Image, ImageError } from '../../images/image.js';

/** Pixels, row by row: an `ImageData`, what `sharp(…).raw()` gives, or any like them. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Levels from 0 to 255: grey, RGB or RGBA, which its length tells. Alpha is dropped. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Whatever gives bytes when asked: a `Blob`, a `File`, a `Response`, a `Request`. */
export interface BytesSource {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * A picture: the path of a file; a URL (`file:`, `http:`, `https:`, `data:`); a file's bytes as `Buffer`, `Uint8Array`,
 * `ArrayBuffer`, `Blob`, `File`, `Response` or stream of either kind; or pixels, as `ImageData`.
 */
export type PictureInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | BytesSource
  | AsyncIterable<Uint8Array>
  | Pixels;

export interface ReadOptions {
  /** Larger files are refused. Default 2 GiB. */
  readonly maxBytes?: number;
  /** Gives up. Default: none. */
  readonly signal?: AbortSignal;
}

/** Node makes no larger buffers of files. */
const mostBytes = 2 ** 31 - 1;

/**
 * The picture as its path, its file's bytes, or pixels as RGB.
 *
 * @throws ValueError for other kinds of values, ImageError where there is nothing to be read or it is too large
 */
export async function readInput(
  input: PictureInput,
  { maxBytes = mostBytes, signal }: ReadOptions = {},
): Promise<string | Uint8Array | Image> {
  const limit = { maxBytes, signal };
  if (typeof input === 'string') return pathOf(input);
  if (input instanceof Uint8Array) return checkBytes(input, maxBytes);
  if (input instanceof ArrayBuffer) return checkBytes(new Uint8Array(input), maxBytes);
  if (input instanceof URL)
    return input.protocol === 'file:' ? fileURLToPath(input) : fetchBytes(input, limit);
  if (typeof input === 'object' && input !== null) {
    if ('data' in input && 'width' in input && 'height' in input) return toRgb(input);
    if (Symbol.asyncIterator in input) return readStream(input, limit);
    if ('arrayBuffer' in input && typeof input.arrayBuffer === 'function') return readBlob(input, limit);
  }
  throw new ValueError(
    `Expected a picture: a path, a URL, the bytes of a file (Buffer, Uint8Array, ArrayBuffer, Blob, stream), or ImageData. Received: ${nameOf(input)}.`,
  );
}

function pathOf(path: string): string {
  const scheme = /^(https?|data|file|blob):/i.exec(path)?.[1];
  if (scheme === undefined) return path;
  throw new ValueError(
    `Expected the path of a picture as text. Received: an address (${scheme}:). Hint: write new URL('…'), which is fetched.`,
  );
}

function checkBytes(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.byteLength > maxBytes) throw tooMany(bytes.byteLength, maxBytes);
  return bytes;
}

const tooMany = (bytes: number, maxBytes: number): ImageError =>
  new ImageError('too large', `${bytes} bytes or more, where ${maxBytes} are allowed`, {
    hint: 'allow more with `maxBytes`.',
  });

async function fetchBytes(
  url: URL,
  limit: Required<Pick<ReadOptions, 'maxBytes'>> & ReadOptions,
): Promise<Uint8Array> {
  const { signal } = limit;
  const shown = url.protocol === 'data:' ? 'a data: address' : url.href;
  const response = await fetch(url, { signal }).catch((cause) => {
    signal?.throwIfAborted();
    throw new ImageError(
      'not an image',
      `${shown}, which cannot be reached (${reasonOf(cause.cause ?? cause)})`,
      {
        cause,
      },
    );
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new ImageError('not an image', `status ${response.status} from ${shown}`);
  }
  return response.body ? readStream(response.body, limit) : new Uint8Array();
}

/** @throws ImageError as soon as there are too many bytes; the stream is ended then */
async function readStream(
  stream: AsyncIterable<Uint8Array>,
  { maxBytes = mostBytes, signal }: ReadOptions,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const chunks: Uint8Array[] = [];
  let count = 0;
  for await (const chunk of stream) {
    signal?.throwIfAborted();
    if (!(chunk instanceof Uint8Array))
      throw new ValueError(`Expected a stream of bytes. Received: one of ${nameOf(chunk)}.`);
    count += chunk.byteLength;
    if (count > maxBytes) throw tooMany(count, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, count);
}

async function readBlob(
  source: BytesSource & { readonly size?: unknown },
  { maxBytes = mostBytes, signal }: ReadOptions,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  // Blobs know how large they are before they are read.
  if (typeof source.size === 'number' && source.size > maxBytes) throw tooMany(source.size, maxBytes);
  const bytes = new Uint8Array(await source.arrayBuffer());
  signal?.throwIfAborted();
  return checkBytes(bytes, maxBytes);
}

/** RGB of grey, RGB or RGBA. */
function toRgb({ width, height, data }: Pixels): Image {
  const pixels = width * height;
  const channels = data.length / pixels;
  if (!(Number.isInteger(width) && Number.isInteger(height) && pixels > 0 && [1, 3, 4].includes(channels)))
    throw new ValueError(
      `Expected pixels of grey, RGB or RGBA: width × height × 1, 3 or 4 levels. Received: ${data.length} for ${width} × ${height}.`,
    );
  if (channels === 3) return { width, height, channels: 3, data: new Uint8Array(data) };
  const rgb = new Uint8Array(3 * pixels);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    rgb[to] = data[from] ?? 0;
    rgb[to + 1] = data[channels === 1 ? from : from + 1] ?? 0;
    rgb[to + 2] = data[channels === 1 ? from : from + 2] ?? 0;
  }
  return { width, height, channels: 3, data: rgb };
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { name } = value.constructor ?? Object;
  return name === 'Object' ? 'an object of another kind' : `a ${name}`;
}
