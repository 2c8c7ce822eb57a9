import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Box, Interpolation, ResizeOptions } from '../../src/images/resample/resample.js';
import { resize } from '../../src/images/resample/resample.js';
import { decodeImage } from '../../src/platform/node/decode.js';
import { noise, seeded } from '../images/noise.js';
import { python, pythonScript } from './python.js';

const interpolations: Interpolation[] = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'];

const askPillow = pythonScript('images.py');

const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');

interface ResizeCase extends ResizeOptions {
  shape: readonly [height: number, width: number, channels: 1 | 3 | 4];
  seed: number;
}

/** Sizes from 1 to a few hundred, each side up or down on its own; every third with a box. */
function randomCase(seed: number): ResizeCase {
  const random = seeded(seed);
  const length = () => 1 + Math.floor(random() ** 2 * 300);
  const [height, width] = [length(), length()];
  const channels = ([1, 3, 4] as const)[Math.floor(random() * 3)]!;
  const size = [length(), length()] as const;
  const interpolation = interpolations[seed % interpolations.length]!;
  const span = (end: number): [number, number] => {
    const a = random() * end;
    const b = random() * end;
    const whole = random() < 0.5;
    const low = whole ? Math.floor(Math.min(a, b)) : Math.min(a, b);
    return [low, whole ? Math.max(low + 1, Math.floor(Math.max(a, b))) : Math.max(a, b)];
  };
  const [left, right] = span(width);
  const [top, bottom] = span(height);
  const box: Box = [left, top, right, bottom];
  return {
    shape: [height, width, channels],
    seed,
    size,
    interpolation,
    ...(random() < 1 / 3 ? { box } : {}),
  };
}

test('1,200 random sizes, filters, modes and boxes: the bytes of Pillow', async (t) => {
  const cases = Array.from({ length: 1200 }, (_, seed) => randomCase(seed));
  const expected = await askPillow<string[]>(cases);
  const different = cases.filter(
    ({ shape, seed, ...options }, i) => md5(resize(noise(...shape, seed), options).data) !== expected[i],
  );
  t.deepEqual(different, []);
});

test('pictures of every format and mode: the pixels of Pillow', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  execFileSync(python, ['test/parity/image_corpus.py', folder]);
  const manifest: { format: string; mode: string; file: string }[] = JSON.parse(
    readFileSync(join(folder, 'manifest.json'), 'utf8'),
  );
  const refused = ['TIFF YCbCr', 'TIFF RGB zstd'];
  for (const { format, mode, file } of manifest) {
    const bytes = readFileSync(join(folder, file));
    const expected = md5(readFileSync(join(folder, `${file}.raw`)));
    const kind = `${format} ${mode}`;
    if (refused.includes(kind)) {
      await t.throwsAsync(decodeImage(bytes), { name: 'ImageError', message: /can be decoded/ }, kind);
      continue;
    }
    t.is(md5((await decodeImage(bytes, { exif: false, levels: 'pillow' })).data), expected, kind);
    if (['PNG', 'GIF', 'BMP', 'PPM'].includes(format))
      t.is(
        md5((await decodeImage(bytes, { exif: false, levels: 'pillow', decoder: 'jimp' })).data),
        expected,
        `${kind}, without sharp`,
      );
  }
  t.true(manifest.length > 80);
});
