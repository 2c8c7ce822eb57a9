import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { fitLogisticRegression, thumbnailBaseline } from '../../tools/thumbnail-baseline.js';

test('logistic regression finds the minimum: its gradient is zero there', (t) => {
  const x = [
    [0.5, -1],
    [1, 0.2],
    [-0.7, 0.9],
    [-1, -0.4],
    [0.1, 1.3],
    [0.8, 0.8],
  ].map((row) => Float64Array.from(row));
  const labels = [0, 0, 1, 2, 1, 0];
  const penalty = 0.1;
  const { kernel, bias } = fitLogisticRegression(x, labels, 3, { penalty, steps: 3000 });
  const p = x.map((row) => {
    const e = kernel.map((weights, c) => Math.exp(bias[c]! + row[0]! * weights[0]! + row[1]! * weights[1]!));
    return e.map((value) => value / (e[0]! + e[1]! + e[2]!));
  });
  for (let c = 0; c < 3; c++) {
    const residual = p.map((row, n) => (row[c]! - (labels[n] === c ? 1 : 0)) / x.length);
    for (const i of [0, 1]) {
      const gradient = residual.reduce((sum, d, n) => sum + d * x[n]![i]!, penalty * kernel[c]![i]!);
      t.true(Math.abs(gradient) < 1e-9, `kernel ${c} ${i}: ${gradient}`);
    }
    t.true(Math.abs(residual.reduce((a, b) => a + b)) < 1e-9, `bias ${c}`);
  }
});

test('tells red pictures from blue ones, and guesses when colours swap', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'thumbnails-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const paint = async (path: string, background: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toFile(join(folder, path));
  };
  for (const [i, shade] of ['80', 'b0', 'e0'].entries()) {
    await paint(`train/red/${i}.png`, `#${shade}1010`);
    await paint(`train/blue/${i}.png`, `#1010${shade}`);
    await paint(`test/red/${i}.png`, `#${shade}2020`);
    await paint(`test/blue/${i}.png`, `#2020${shade}`);
    await paint(`swapped/red/${i}.png`, `#2020${shade}`);
    await paint(`swapped/blue/${i}.png`, `#${shade}2020`);
  }
  t.is(await thumbnailBaseline(join(folder, 'train'), join(folder, 'test')), 1);
  t.is(await thumbnailBaseline(join(folder, 'train'), join(folder, 'swapped')), 0);
});
