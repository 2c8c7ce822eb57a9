import sharp from 'sharp';
import { RandomState } from '../../src/keras/random/random-state.js';

/** A JPEG as cameras make them: shapes, gradients and grain, 4:2:0, quality 90. */
export async function drawPhoto(width: number, height: number, seed: number): Promise<Buffer> {
  const random = new RandomState(seed);
  const [columns, rows] = [32, 24];
  const coarse = Uint8Array.from(random.uniform(0, 255, columns * rows * 3));
  const pixels = await sharp(coarse, { raw: { width: columns, height: rows, channels: 3 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer();
  // Grain repeats after a prime number of samples: enough for an encoder.
  const grain = Float64Array.from(random.uniform(-12, 12, 65521));
  const noisy = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < pixels.length; i++) noisy[i] = pixels[i]! + grain[i % grain.length]!;
  return sharp(noisy, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

/** The same JPEG with a comment: another file to all that look at contents, the same picture to eyes. */
export function withComment(jpeg: Uint8Array, comment: string): Uint8Array {
  const text = new TextEncoder().encode(comment);
  const length = text.length + 2;
  const bytes = new Uint8Array(jpeg.length + 2 + length);
  bytes.set(jpeg.subarray(0, 2));
  bytes.set([0xff, 0xfe, length >> 8, length & 255], 2);
  bytes.set(text, 6);
  bytes.set(jpeg.subarray(2), 6 + text.length);
  return bytes;
}
