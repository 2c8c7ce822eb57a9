/**
 * Picture files to pixels, in a browser: the same pixels that `images/decode.ts` gets in Node.
 *
 * Browsers decode JPEG with libjpeg-turbo at full size, as sharp does, and leave colour profiles alone when asked to.
 * What they would do otherwise than Pillow is done here: transparent pixels keep their colours, EXIF in WebP turns
 * the picture, and damaged JPEGs are refused rather than shown in part.
 */
import { type Header, readHeader } from '../images/header.js';
import { type Image, ImageError } from '../images/image.js';
import { checkJpeg } from '../images/jpeg-check.js';
import { decodeNetpbm } from '../images/netpbm.js';
import { type Orientation, orient } from '../images/orientation.js';
import { convert } from '../images/policy.js';

export interface PixelOptions {
  /** Turn the picture upright as its EXIF data says. */
  exif: boolean;
  /** The most pixels a picture may have; asked before it is decoded. Default: 100 megapixels, as in Node. */
  maxPixels?: number;
}

/**
 * Decodes a picture by its content; a file name plays no part.
 *
 * @returns RGB, H × W × 3 bytes
 * @throws ImageError when the bytes are no picture, too large a one, damaged, or of a kind this browser cannot show
 */
export async function decodePixels(
  bytes: Uint8Array<ArrayBuffer>,
  { exif, maxPixels = 100e6 }: PixelOptions,
): Promise<Image> {
  const header = readHeader(bytes);
  const { format, width, height, orientation } = header;
  if (width * height > maxPixels)
    throw new ImageError('too large', `${width}×${height} pixels, more than ${maxPixels}`);
  if (format === 'netpbm') return convert(decodeNetpbm(bytes), header, 3);
  if (format === 'jpeg') checkJpeg(bytes);
  // Browsers turn other pictures by themselves, and cannot be kept from it.
  const turnedByBrowser = format !== 'webp';
  const bitmap = await decodeBitmap(turnedByBrowser ? bytes : hideExif(bytes), format);
  try {
    const image = readRgb(bitmap);
    if (exif) return turnedByBrowser ? image : orient(image, orientation);
    return turnedByBrowser ? orient(image, opposite(orientation)) : image;
  } finally {
    bitmap.close();
  }
}

async function decodeBitmap(bytes: Uint8Array<ArrayBuffer>, format: Header['format']): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(new Blob([bytes]), {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'none',
    });
  } catch (cause) {
    if (format === 'tiff')
      throw new ImageError('unsupported', 'a TIFF picture, which browsers do not show', {
        hint: 'convert it to JPEG or PNG.',
        cause,
      });
    throw new ImageError('damaged', `a ${format.toUpperCase()} that this browser cannot decode`, { cause });
  }
}

/** Turns by 90° are undone by the turn the other way; every other turn or flip is undone by itself. */
const opposite = (orientation: Orientation): Orientation =>
  orientation === 6 ? 8 : orientation === 8 ? 6 : orientation;

/** Some browsers turn WebP pictures by their EXIF data and some do not; none does once the chunk has another name. */
function hideExif(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let at = 12; at + 8 <= copy.length; ) {
    const length = view.getUint32(at + 4, true);
    if (String.fromCharCode(...copy.subarray(at, at + 4)) === 'EXIF') copy[at] = 'x'.charCodeAt(0);
    at += 8 + length + (length & 1);
  }
  return copy;
}

/** Few enough pixels for every browser's canvas, and little memory beside the picture itself. */
const tilePixels = 2 ** 22;
/** The largest texture that every WebGL 2 has. */
const tileSide = 2048;

/** A part of a picture. */
interface Tile {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function readRgb(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * 3);
  const image: Image = { width, height, channels: 3, data };
  const rows = Math.max(1, Math.floor(tilePixels / width));
  if (readTiles(image, tiles(image, width, rows), readerOf2d(bitmap, width, Math.min(rows, height))))
    return image;
  // A canvas keeps colours multiplied with their alpha, and so loses them where a pixel is transparent.
  const reader = readerOfWebGl(bitmap);
  if (reader) readTiles(image, tiles(image, tileSide, tileSide), reader);
  return image;
}

function* tiles({ width, height }: Image, columns: number, rows: number): Generator<Tile> {
  for (let y = 0; y < height; y += rows)
    for (let x = 0; x < width; x += columns)
      yield { x, y, width: Math.min(columns, width - x), height: Math.min(rows, height - y) };
}

/** Fills `image`. Says whether every pixel was opaque. */
function readTiles(
  image: Image,
  parts: Iterable<Tile>,
  read: (tile: Tile) => Uint8Array | Uint8ClampedArray,
): boolean {
  let opaque = true;
  for (const tile of parts) {
    const rgba = read(tile);
    let from = 0;
    for (let y = 0; y < tile.height; y++) {
      let to = ((tile.y + y) * image.width + tile.x) * 3;
      for (let x = 0; x < tile.width; x++, from += 4) {
        image.data[to++] = rgba[from]!;
        image.data[to++] = rgba[from + 1]!;
        image.data[to++] = rgba[from + 2]!;
        if (rgba[from + 3] !== 255) opaque = false;
      }
    }
  }
  return opaque;
}

function readerOf2d(bitmap: ImageBitmap, width: number, height: number): (tile: Tile) => Uint8ClampedArray {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new ImageError('too large', `${bitmap.width}×${bitmap.height} pixels`);
  context.globalCompositeOperation = 'copy';
  return (tile) => {
    context.drawImage(bitmap, -tile.x, -tile.y);
    return context.getImageData(0, 0, tile.width, tile.height).data;
  };
}

/** Textures keep colours as they are. Undefined where there is no WebGL 2. */
function readerOfWebGl(bitmap: ImageBitmap): ((tile: Tile) => Uint8Array) | undefined {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return undefined;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  return ({ x, y, width, height }) => {
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const rgba = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    return rgba;
  };
}
