import test from 'ava';
import sharp from 'sharp';
import { decodeImage } from '../../src/platform/node/decode.js';
import { tiff } from './tiff.js';

const [width, height] = [16, 4];
/** 16-bit levels over the whole range, most of them above 255. */
const deep = Uint16Array.from({ length: width * height }, (_, i) => (i * 1031 + 7) & 65535);
const upper = [...deep].map((level) => level >> 8);
const clipped = [...deep].map((level) => Math.min(level, 255));
const grey16 = () => sharp(deep, { raw: { width, height, channels: 1 } }).toColourspace('grey16');
const bytesOf = (data: Uint16Array | Float32Array | Int16Array) => new Uint8Array(data.buffer);
const fields = { 256: width, 257: height, 258: 16, 259: 1, 262: 1, 273: -1, 277: 1, 278: height };

/** Deep grey in each format that has it. */
const files: Readonly<Record<string, () => Promise<Uint8Array> | Uint8Array>> = {
  png: () => grey16().png().toBuffer(),
  'interlaced png': () => grey16().png({ progressive: true }).toBuffer(),
  'compressed tiff': () => grey16().tiff({ compression: 'lzw' }).toBuffer(),
  'plain tiff': () => tiff({ ...fields, 279: 2 * deep.length }, bytesOf(deep)),
  pgm: () =>
    Buffer.concat([Buffer.from(`P5 ${width} ${height} 65535\n`), Buffer.from(deep.buffer.slice(0)).swap16()]),
};

for (const [kind, make] of Object.entries(files))
  test(`16-bit grey in a ${kind} is scaled to 8 bits, and clipped for Keras alone`, async (t) => {
    const bytes = await make();
    const scaled = await decodeImage(bytes, { channels: 1 });
    t.deepEqual([...scaled.data], upper);
    t.false(scaled.isClipped);
    const pillow = await decodeImage(bytes, { channels: 1, levels: 'pillow' });
    t.deepEqual([...pillow.data], clipped);
    t.true(pillow.isClipped);
    const { data } = await decodeImage(bytes);
    t.deepEqual(
      [...data],
      upper.flatMap((level) => [level, level, level]),
    );
  });

test('a 16-bit picture has the pixels of its 8-bit twin', async (t) => {
  const twin = sharp(Uint8Array.from(upper), { raw: { width, height, channels: 1 } });
  t.deepEqual(
    (await decodeImage(await grey16().png().toBuffer())).data,
    (await decodeImage(await twin.png().toBuffer())).data,
  );
});

test('16-bit colours are the upper 8 bits by either rule, with alpha and without', async (t) => {
  const rgba = Uint16Array.from({ length: width * height * 4 }, (_, i) => (i * 2503 + 11) & 65535);
  const bytes = await sharp(rgba, { raw: { width, height, channels: 4 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer();
  for (const levels of ['scaled', 'pillow'] as const)
    for (const decoder of ['sharp', 'jimp'] as const) {
      const { data, isClipped } = await decodeImage(bytes, { channels: 4, levels, decoder });
      t.deepEqual(
        [...data],
        [...rgba].map((level) => level >> 8),
        `${levels}, ${decoder}`,
      );
      t.false(isClipped);
    }
});

const floats = (values: readonly number[]) =>
  tiff(
    { ...fields, 256: values.length, 257: 1, 258: 32, 278: 1, 279: 4 * values.length, 339: 3 },
    bytesOf(Float32Array.from(values)),
  );

test('floats from 0 to 1 are scaled, and clipped for Keras alone', async (t) => {
  const bytes = floats([0, 0.25, 0.5, 1]);
  t.deepEqual([...(await decodeImage(bytes, { channels: 1 })).data], [0, 64, 128, 255]);
  const pillow = await decodeImage(bytes, { channels: 1, levels: 'pillow' });
  t.deepEqual([...pillow.data], [0, 0, 0, 1]);
  t.true(pillow.isClipped);
  const bright = await decodeImage(floats([0, 99.5, 255]), { channels: 1, levels: 'pillow' });
  t.deepEqual([...bright.data], [0, 99, 255]);
  t.false(bright.isClipped);
});

test('numbers without a range that could be scaled are refused', async (t) => {
  const expected = 'Expected a kind of picture that can be decoded. Received:';
  const refused: [Uint8Array, string][] = [
    [
      floats([0, 0.5, 12.5]),
      'floats from 0 to 12.5. Hint: scale them to 0–1, or save 8 or 16 bits a sample.',
    ],
    [floats([-0.5, 0.5]), 'floats from -0.5 to 0.5. Hint: scale them to 0–1, or save 8 or 16 bits a sample.'],
    [
      floats([0, Number.NaN]),
      'floats, some of which are no numbers. Hint: scale them to 0–1, or save 8 or 16 bits a sample.',
    ],
    [
      tiff({ ...fields, 279: 2 * deep.length, 339: 2 }, bytesOf(deep)),
      'a TIFF of signed integers. Hint: save it with 8 or 16 bits a sample, or with floats from 0 to 1.',
    ],
    [
      tiff({ ...fields, 258: 32, 279: 4 * deep.length }, new Uint8Array(4 * deep.length)),
      'a TIFF of 32-bit integers. Hint: save it with 8 or 16 bits a sample, or with floats from 0 to 1.',
    ],
    [
      tiff({ ...fields, 258: 16, 279: 2 * deep.length, 339: 3 }, bytesOf(deep)),
      'a TIFF of 1 × 16 bits a pixel, as floats. Hint: save it with 8 or 16 bits a sample.',
    ],
  ];
  for (const [bytes, received] of refused)
    await t.throwsAsync(decodeImage(bytes), { name: 'ImageError', message: `${expected} ${received}` });
});
