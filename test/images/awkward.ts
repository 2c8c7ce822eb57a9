/** Pictures that break image code: names that begin with `ok` are sound, the others broken. */
import sharp from 'sharp';
import { encodeImage } from '../../src/platform/node/encode.js';

const [width, height] = [64, 48];
/** Smooth colours with a red corner at the upper left. */
const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
  const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
  if (x < 8 && y < 8) return c === 0 ? 255 : 0;
  return [x * 4, y * 5, 255 - x * 2 - y * 2][c] ?? 0;
});
const picture = () => sharp(pixels, { raw: { width, height, channels: 3 } });

/** Changes bytes of a copy. */
function changed(bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value;
  return copy;
}

/** The files by name. */
export async function awkwardPictures(): Promise<Record<string, Uint8Array>> {
  const jpeg = await picture().jpeg().toBuffer();
  const png = await picture().png().toBuffer();
  const data = png.indexOf('IDAT') + 4;
  const oriented: Record<string, Uint8Array> = {};
  for (let orientation = 1; orientation <= 8; orientation++)
    oriented[`ok-exif${orientation}.jpg`] = await picture().withMetadata({ orientation }).jpeg().toBuffer();
  const strip = (columns: number, rows: number) =>
    sharp({ create: { width: columns, height: rows, channels: 3, background: 'teal' } });
  return {
    ...oriented,
    'ok-420.jpg': jpeg,
    'ok-444.jpg': await picture().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    'ok-progressive.jpg': await picture().jpeg({ progressive: true }).toBuffer(),
    'ok-grey.jpg': await picture().greyscale().jpeg().toBuffer(),
    'ok-cmyk.jpg': await picture().toColourspace('cmyk').jpeg().toBuffer(),
    'ok-rgb.png': png,
    'ok-16bit-grey.png': await picture().toColourspace('grey16').png().toBuffer(),
    'ok-palette.png': await picture().png({ palette: true, colours: 16 }).toBuffer(),
    'ok-1bit.png': await picture().threshold().png({ palette: true, colours: 2 }).toBuffer(),
    'ok-transparent.png': await picture().ensureAlpha(0).png().toBuffer(),
    'ok-1x1.png': await strip(1, 1).png().toBuffer(),
    'ok-3x4000.png': await strip(3, 4000).png().toBuffer(),
    'ok-4000x3.png': await strip(4000, 3).png().toBuffer(),
    'ok.webp': await picture().webp().toBuffer(),
    'ok.avif': await picture().avif().toBuffer(),
    'ok.gif': await picture().gif().toBuffer(),
    'ok.tiff': await picture().tiff().toBuffer(),
    'ok.bmp': await encodeImage({ width, height, channels: 3, data: pixels }, 'bmp'),
    'ok.ppm': Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), pixels]),
    'ok-png-named.jpg': png,
    'ok-jpeg-named.png': jpeg,
    'ok-without-extension': jpeg,
    'bad-crc.png': changed(png, { [data + 40]: (png[data + 40] ?? 0) ^ 0xff }),
    'bad-truncated.png': png.subarray(0, data + 100),
    'bad-truncated.jpg': jpeg.subarray(0, Math.floor(jpeg.length * 0.8)),
    'bad-bomb.png': changed(png, { 16: 0, 17: 0, 18: 0xc3, 19: 0x50, 20: 0, 21: 0, 22: 0xc3, 23: 0x50 }),
    'bad-header-only.jpg': jpeg.subarray(0, 24),
    'bad-empty.jpg': new Uint8Array(),
    'bad-html.jpg': Buffer.from('<!doctype html><title>404</title>'),
    'bad-text.txt': Buffer.from('no picture\n'),
  };
}

/** Why the broken ones are refused. */
export const awkwardReasons: Readonly<Record<string, string | RegExp>> = {
  'bad-crc.png': 'Expected an undamaged picture. Received: a PNG whose data does not decode.',
  'bad-truncated.png':
    /^Expected a whole picture\. Received: a PNG of \d+ bytes that should have more than \d+\.$/,
  'bad-truncated.jpg': /^Expected a whole picture\. Received: a JPEG that ends after \d+% of its blocks\.$/,
  'bad-bomb.png':
    'Expected a picture within the limit. Received: 50000×50000 pixels, more than 100000000. Hint: allow more with `maxPixels`.',
  'bad-header-only.jpg': 'Expected a whole picture. Received: 24 bytes that end within the header.',
  'bad-empty.jpg': 'Expected a picture. Received: an empty file.',
  'bad-html.jpg': 'Expected a picture. Received: an HTML page.',
  'bad-text.txt': 'Expected a picture. Received: text.',
};
