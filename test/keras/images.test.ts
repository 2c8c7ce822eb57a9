import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import test from 'ava';
import type { Box, Interpolation, ResizeOptions } from '../../src/images/resample.js';
import { resize } from '../../src/images/resample.js';
import { noise, seeded } from '../images/noise.js';

const interpolations: Interpolation[] = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'];

function askPillow(cases: readonly object[]): unknown[] {
  const { stdout, stderr, status } = spawnSync(
    process.env.KERAS_PYTHON ?? '.venv/bin/python',
    ['test/keras/images.py'],
    { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  if (status !== 0) throw new Error(`Pillow failed: ${stderr}`);
  return JSON.parse(stdout);
}

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

test('1,200 random sizes, filters, modes and boxes: the bytes of Pillow', (t) => {
  const cases = Array.from({ length: 1200 }, (_, seed) => randomCase(seed));
  const expected = askPillow(cases.map((options) => ({ do: 'resize', ...options })));
  const different = cases.filter(
    ({ shape, seed, ...options }, i) => md5(resize(noise(...shape, seed), options).data) !== expected[i],
  );
  t.deepEqual(different, []);
});
