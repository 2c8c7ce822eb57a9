import type { Image } from '../../images/image.js';

/** How pictures can be written. */
export type EncodedFormat = 'png' | 'jpeg' | 'bmp' | 'gif' | 'tiff' | 'webp';

const formats: readonly string[] = ['png', 'jpeg', 'bmp', 'gif', 'tiff', 'webp'];

/**
 * A picture as a file's bytes, in Node. JPEGs have Pillow's default quality, 75 with the colours halved.
 *
 * @throws RangeError when the format is unknown
 *
 * @example
 * await writeFile('cat.png', await encodeImage(image, 'png'));
 */
export async function encodeImage(image: Image, format: string): Promise<Uint8Array> {
  const name = format === 'jpg' ? 'jpeg' : format === 'tif' ? 'tiff' : format;
  if (!formats.includes(name))
    throw new RangeError(`Expected one of ${formats.join(', ')}. Received: '${format}'.`);
  return name === 'bmp' ? encodeBmp(image) : encodeWithSharp(image, name as EncodedFormat);
}

async function encodeWithSharp({ data, width, height, channels }: Image, format: EncodedFormat) {
  const { default: sharp } = await import('sharp');
  const pipeline = sharp(data, { raw: { width, height, channels } });
  // Grey stays grey: sharp would write three channels.
  if (channels === 1) pipeline.toColourspace('b-w');
  if (format === 'jpeg') pipeline.jpeg({ quality: 75, chromaSubsampling: '4:2:0' });
  else if (format === 'tiff') pipeline.tiff({ compression: 'none' });
  else pipeline.toFormat(format as 'png');
  const { buffer, byteOffset, byteLength } = await pipeline.toBuffer();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** 24 bits a pixel, bottom row first, rows filled up to four bytes. Alpha is dropped. */
function encodeBmp({ data, width, height, channels }: Image): Uint8Array {
  const row = Math.ceil((width * 3) / 4) * 4;
  const head = 54;
  const bytes = new Uint8Array(head + row * height);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x424d);
  view.setUint32(2, bytes.length, true);
  view.setUint32(10, head, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, row * height, true);
  for (let y = 0, from = 0; y < height; y++)
    for (let x = 0; x < width; x++, from += channels) {
      const to = head + (height - 1 - y) * row + x * 3;
      const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
      bytes[to] = data[from + blue]!;
      bytes[to + 1] = data[from + green]!;
      bytes[to + 2] = data[from]!;
    }
  return bytes;
}
