/** Reads the pixels of an `ImageBitmap`, exactly. */
import { type Image, ImageError } from '../../images/image.js';

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

/** Reads the pixels of a part, RGBA. */
interface Reader {
  read(tile: Tile): Uint8Array | Uint8ClampedArray;
  close?(): void;
}

/** The pixels of a bitmap: RGB, without the alpha, or RGBA. Default: RGB. */
export function readBitmap(bitmap: ImageBitmap, channels: 3 | 4 = 3): Image {
  const { width, height } = bitmap;
  const data = new Uint8Array(width * height * channels);
  let opaque = true;
  const keep = (rgba: Uint8Array | Uint8ClampedArray, from: number, pixel: number) => {
    const to = channels * pixel;
    for (let c = 0; c < channels; c++) data[to + c] = rgba[from + c]!;
    if (rgba[from + 3] !== 255) opaque = false;
  };
  const rows = Math.max(1, Math.floor(tilePixels / width));
  readTiles(bitmap, width, rows, readerOf2d(bitmap, width, Math.min(rows, height)), keep);
  // A canvas keeps colours multiplied with their alpha, and so loses them where a pixel is transparent.
  const exact = opaque ? undefined : readerOfWebGl(bitmap);
  if (exact) readTiles(bitmap, tileSide, tileSide, exact, keep);
  return { width, height, channels, data };
}

/** Reads a picture in parts of at most `columns` × `rows`, and closes the reader. */
function readTiles(
  bitmap: ImageBitmap,
  columns: number,
  rows: number,
  reader: Reader,
  keep: (rgba: Uint8Array | Uint8ClampedArray, from: number, pixel: number) => void,
): void {
  for (let top = 0; top < bitmap.height; top += rows)
    for (let left = 0; left < bitmap.width; left += columns) {
      const width = Math.min(columns, bitmap.width - left);
      const height = Math.min(rows, bitmap.height - top);
      const rgba = reader.read({ x: left, y: top, width, height });
      for (let y = 0, from = 0; y < height; y++) {
        const start = (top + y) * bitmap.width + left;
        for (let x = 0; x < width; x++, from += 4) keep(rgba, from, start + x);
      }
    }
  reader.close?.();
}

/** Reads through a canvas, which every browser has. */
function readerOf2d(bitmap: ImageBitmap, width: number, height: number): Reader {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new ImageError('too large', `${bitmap.width}×${bitmap.height} pixels`);
  context.globalCompositeOperation = 'copy';
  return {
    read({ x, y, width: columns, height: rows }) {
      context.drawImage(bitmap, -x, -y);
      return context.getImageData(0, 0, columns, rows).data;
    },
    // Canvases wait for the garbage collector, which does not see how large they are.
    close() {
      canvas.width = 0;
      canvas.height = 0;
    },
  };
}

/** Reads through a texture, which keeps colours as they are; undefined where there is no WebGL 2. */
function readerOfWebGl(bitmap: ImageBitmap): Reader | undefined {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return undefined;
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
  return {
    read({ x, y, width, height }) {
      gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, x);
      gl.pixelStorei(gl.UNPACK_SKIP_ROWS, y);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      const rgba = new Uint8Array(width * height * 4);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
      return rgba;
    },
    // Browsers allow a page few contexts, and give them back late.
    close: () => gl.getExtension('WEBGL_lose_context')?.loseContext(),
  };
}
