import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deflateSync } from 'node:zlib';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import { checkJpeg } from '../../src/images/formats/jpeg-check.js';
import { decodeImage, readImageInfo } from '../../src/platform/node/decode.js';
import { tiff } from './tiff.js';

const test = anyTest as TestFn<{ folder: string }>;
test.before(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), 'limits-'));
});
test.after.always((t) => rm(t.context.folder, { recursive: true, force: true }));

interface Measured {
  readonly grown: number;
  readonly milliseconds: number;
  readonly message: string | null;
}

/** Decodes a file in a process of its own. */
async function measure(folder: string, name: string, bytes: Uint8Array): Promise<Measured> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  const script = new URL('fixtures/decode-and-measure.js', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [script, path]);
  await rm(path);
  return JSON.parse(stdout);
}

const [width, height] = [3000, 2000];
/** Bytes that code and libraries take, whatever the picture. */
const fixed = 12e6;
const blank = (channels: 3 | 4) =>
  sharp({ create: { width, height, channels, background: { r: 9, g: 99, b: 199, alpha: 0.5 } } });

function crc(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

function chunk(type: string, data: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + data.length);
  out.writeUInt32BE(data.length);
  out.write(type, 4);
  out.set(data, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** An 8-bit grey PNG without anything in its rows. */
function strip(columns: number, rows: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns);
  header.writeUInt32BE(rows, 4);
  header[8] = 8;
  const data = deflateSync(Buffer.alloc(rows * (columns + 1)), { level: 1 });
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    ...[chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))],
  ]);
}

/** A GIF with a screen and a frame of one pixel, in 35 bytes. */
function screenGif(columns: number, rows: number): Buffer {
  const gif = Buffer.alloc(29);
  gif.write('GIF87a');
  gif.writeUInt16LE(columns, 6);
  gif.writeUInt16LE(rows, 8);
  gif[10] = 0x80;
  gif[19] = 0x2c;
  gif[24] = 1;
  gif[26] = 1;
  return Buffer.concat([gif, Buffer.from([2, 2, 0x4c, 1, 0, 0x3b])]);
}

/** A run-length coded BMP that ends after five pixels. */
function screenBmp(columns: number, rows: number): Buffer {
  const bmp = Buffer.alloc(54 + 1024);
  bmp.write('BM');
  for (const [at, value] of [
    [10, bmp.length],
    [14, 40],
    [18, columns],
    [22, rows],
    [30, 1],
  ] as const)
    bmp.writeUInt32LE(value, at);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(8, 28);
  return Buffer.concat([bmp, Buffer.from([5, 1, 0, 1])]);
}

/** Pictures of 6 megapixels that cost much, or seem to. */
const costly: Readonly<Record<string, () => Promise<Uint8Array> | Uint8Array>> = {
  'photo.jpg': () => blank(3).jpeg().toBuffer(),
  'progressive.jpg': () => blank(3).jpeg({ progressive: true }).toBuffer(),
  'turned.jpg': () => blank(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
  'cmyk.jpg': () => blank(3).toColourspace('cmyk').jpeg().toBuffer(),
  '16-bit.png': () => blank(4).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer(),
  '16-bit-interlaced.png': () =>
    blank(4).toColourspace('rgb16').png({ compressionLevel: 1, progressive: true }).toBuffer(),
  '16-bit-grey.png': () => blank(3).toColourspace('grey16').png({ compressionLevel: 1 }).toBuffer(),
  'wide.png': () => strip(65535, 92),
  'tall.png': () => strip(92, 65535),
  'blank.webp': () => blank(4).webp({ lossless: true, effort: 0 }).toBuffer(),
  'blank.gif': () => blank(3).gif({ effort: 1 }).toBuffer(),
  'screen.gif': () => screenGif(width, height),
  'screen.bmp': () => screenBmp(width, height),
  '16-bit.tiff': () => blank(4).toColourspace('rgb16').tiff({ compression: 'deflate' }).toBuffer(),
  'floats.tiff': () => {
    const data = deflateSync(Buffer.alloc(4 * width * height), { level: 1 });
    const fields = { 256: width, 257: height, 258: 32, 259: 8, 262: 1, 273: -1, 277: 1, 278: height };
    return tiff({ ...fields, 279: data.length, 339: 3 }, data);
  },
  '16-bit.ppm': () =>
    Buffer.concat([Buffer.from(`P6 ${width} ${height} 65535\n`), Buffer.alloc(6 * width * height)]),
  '16-bit.pgm': () =>
    Buffer.concat([Buffer.from(`P5 ${width} ${height} 65535\n`), Buffer.alloc(2 * width * height)]),
  'text.pbm': () =>
    Buffer.concat([Buffer.from(`P1 ${width} ${height}\n`), Buffer.alloc(width * height, '1')]),
};

test('no picture takes more than 12 bytes of memory a pixel', async (t) => {
  for (const [name, make] of Object.entries(costly)) {
    const { grown, milliseconds, message } = await measure(t.context.folder, name, await make());
    t.is(message, null, name);
    const each = (grown - fixed) / (width * height);
    t.log(
      `${name}: ${each.toFixed(1)} bytes and ${((1e6 * milliseconds) / width / height).toFixed(0)} ns a pixel`,
    );
    t.true(each <= 12, `${name}: ${each.toFixed(1)} bytes a pixel`);
  }
});

test('extreme sides, and sizes without pixels behind them, are refused before they cost anything', async (t) => {
  const refused: Record<string, [Uint8Array, RegExp]> = {
    'line.png': [
      strip(99_999, 1),
      /^Expected a picture within the limit\. Received: 99999×1 pixels, a side longer than 65535\. Hint: /,
    ],
    'column.png': [strip(1, 70_000), /1×70000 pixels, a side longer than 65535/],
    'line.ppm': [Buffer.from('P6 4000000 20 255\n'), /4000000×20 pixels, a side longer than 65535/],
    'line.tiff': [
      tiff({ 256: 20, 257: 4_000_000, 258: 8, 262: 1, 273: -1, 279: 9 }, Buffer.alloc(9)),
      /20×4000000 pixels, a side/,
    ],
    'line.bmp': [screenBmp(99_999_999, 1), /99999999×1 pixels, a side longer/],
    'frame.gif': [
      screenGif(6000, 5000).fill(0x20, 25, 26).fill(0x20, 27, 28).subarray(0, 30),
      /^Expected a whole picture\./,
    ],
    'empty.ppm': [
      Buffer.from('P5 6000 5000 255\n'),
      /^Expected a whole picture\. Received: 17 bytes of 30000017\.$/,
    ],
    'empty.bmp': [
      screenBmp(6000, 5000).fill(0, 30, 31),
      /^Expected a whole picture\. Received: a BMP of 1082 bytes/,
    ],
    'tile.tiff': [
      tiff(
        { 256: 1, 257: 1, 258: 8, 259: 8, 262: 1, 277: 1, 322: 9984, 323: 9984, 324: -1, 325: 9 },
        Buffer.alloc(9),
      ),
      /^Expected an? (whole|undamaged) picture\./,
    ],
  };
  for (const [name, [bytes, message]] of Object.entries(refused)) {
    const found = await measure(t.context.folder, name, bytes);
    t.regex(found.message ?? 'decoded', message, name);
    t.true(found.grown < 64e6, `${name} took ${found.grown} bytes`);
  }
});

test('an AVIF counts double, since its decoder takes twice the memory, and more where it is deep', async (t) => {
  const make = (options: object) =>
    blank(3)
      .resize(300, 200)
      .avif({ effort: 0, ...options })
      .toBuffer();
  const avif = await make({});
  t.is((await decodeImage(avif, { maxPixels: 120_000 })).width, 300);
  await t.throwsAsync(decodeImage(avif, { maxPixels: 119_999 }), {
    message:
      'Expected a picture within the limit. Received: an AVIF of 300×200 pixels, more than 59999.5. Hint: allow more with `maxPixels`.',
  });
  await t.throwsAsync(decodeImage(await make({ bitdepth: 10 }), { maxPixels: 149_999 }), {
    message: /more than/,
  });
  // A size that the AV1 data does not have.
  const lying = Buffer.from(avif);
  lying.writeUInt32BE(30, lying.indexOf('ispe') + 8);
  t.is(readImageInfo(lying).width, 30);
  await t.throwsAsync(decodeImage(lying), { name: 'ImageError' });
});

test('a progressive JPEG of more scans than encoders write is refused', async (t) => {
  const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'teal' } })
    .jpeg({ progressive: true })
    .toBuffer();
  t.notThrows(() => checkJpeg(jpeg));
  const lastScan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
  const many = Buffer.concat([jpeg.subarray(0, -2), ...Array<Buffer>(40).fill(lastScan), jpeg.subarray(-2)]);
  await t.throwsAsync(decodeImage(many), {
    message: 'Expected an undamaged picture. Received: a JPEG of more than 32 scans.',
  });
});
