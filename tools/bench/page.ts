import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { zipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import { listImages } from '../../src/platform/node/folder.js';
import type { ClassifierElement } from '../../src/web/element/classifier-element.js';
import { chromiumPath, launchChromium, pageMemory } from '../../test/web/browser.js';
import { type StaticServer, serveFolder } from '../../test/web/static-server.js';
import { buildStudio } from '../build-studio.js';
import { buildWeb } from '../build-web.js';
import { median, type Row } from './median.js';

/** The page and the studio in Chromium, on one thread, from a server on this machine. */
export async function benchPage(options: { sample: string; model: string; rounds: number }): Promise<Row[]> {
  const { sample, model, rounds } = options;
  if (!existsSync(chromiumPath)) return [['page', `not measured: ${chromiumPath} is missing`]];
  if (!existsSync(model)) return [['page', `not measured: ${model} is missing, make train`]];
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  const browser = await launchChromium();
  try {
    const [web, studio] = [join(room, 'web'), join(room, 'studio')];
    await buildWeb({ model, out: web });
    await buildStudio({ out: studio });
    return [
      ...(await benchClassifier(browser, web, sample, rounds)),
      await benchTraining(browser, studio, sample),
    ];
  } finally {
    await browser.close();
    await rm(room, { recursive: true, force: true });
  }
}

/** Bytes and time until a picture that is given at once has its answer, and memory as predictions go on. */
async function benchClassifier(
  browser: Browser,
  folder: string,
  sample: string,
  rounds: number,
): Promise<Row[]> {
  const { images } = await listImages(`${sample}/test`);
  const picture = await readFile(images[0]!.path);
  const server = await serveFolder(folder, { headers: { etag: '"bench"' } });
  const [first, next]: [number[], number[]] = [[], []];
  let fetched = new Set<string>();
  let memory: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await browser.newPage();
    const before = server.requests.length;
    first.push(await timeToPrediction(page, server, picture));
    fetched = new Set(server.requests.slice(before));
    await page.evaluate(() => navigator.serviceWorker.ready);
    next.push(await timeToPrediction(page, server, picture));
    if (round === 0) memory = [await memoryAfter(page, picture, 60), await memoryAfter(page, picture, 100)];
    await page.context().close();
  }
  await server.close();
  const sizes = await sizesOf(folder, fetched);
  const sum = Object.values(sizes).reduce((a, b) => a + b, 0);
  const parts = Object.entries(sizes).map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(2)}`);
  const seconds = (times: readonly number[]) => `${(median(times) / 1000).toFixed(2)} s`;
  return [
    ['page: bytes before the first prediction', `${(sum / 1e6).toFixed(2)} MB: ${parts.join(', ')}`],
    ['  time to the first prediction, first visit', seconds(first)],
    ['  later visits', seconds(next)],
    ['  memory after 60 and 160 predictions', `${memory.join(' and ')} MiB`],
  ];
}

/** Milliseconds from the address to the answer. */
async function timeToPrediction(page: Page, { url }: StaticServer, buffer: Buffer): Promise<number> {
  const began = performance.now();
  await page.goto(url, { waitUntil: 'domcontentloaded' });
  await page.locator('input[type=file]').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer });
  await page.locator('ort-classifier').locator('li').first().waitFor();
  return performance.now() - began;
}

async function memoryAfter(page: Page, picture: Buffer, count: number): Promise<number> {
  await page.locator('ort-classifier').evaluate(
    async (element, { base64, count }) => {
      const blob = new Blob([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))]);
      for (let i = 0; i < count; i++) await (element as ClassifierElement).classify(blob);
    },
    { base64: picture.toString('base64'), count },
  );
  return pageMemory(page.context().browser()!);
}

/** Bytes that go over the line: models as they are, since servers leave them so, everything else as brotli. */
async function sizesOf(folder: string, names: ReadonlySet<string>): Promise<Record<string, number>> {
  const sizes: Record<string, number> = { scripts: 0, 'ONNX Runtime': 0, model: 0, 'face detector': 0 };
  for (const name of names) {
    if (name === 'service-worker.js') continue;
    const bytes = await readFile(join(folder, name || 'index.html'));
    if (name.endsWith('.onnx')) sizes[name === 'model.onnx' ? 'model' : 'face detector']! += bytes.length;
    else
      sizes[name.endsWith('.wasm') ? 'ONNX Runtime' : 'scripts']! += (
        await promisify(brotliCompress)(bytes)
      ).length;
  }
  return sizes;
}

/** Training 14 classes of 20 pictures, or as many as the sample has. */
async function benchTraining(browser: Browser, folder: string, sample: string): Promise<Row> {
  const server = await serveFolder(folder);
  const page = await browser.newPage();
  const { zip, count, classes } = await zipPictures(sample, 20);
  await page.goto(server.url);
  await page.locator('#open').setInputFiles({ name: 'a.zip', mimeType: 'application/zip', buffer: zip });
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  const status = page.locator('#status').filter({ hasText: /^Trained in/ });
  await status.waitFor({ timeout: 600_000 });
  const text = (await status.textContent())!;
  await page.context().close();
  await server.close();
  return [`studio: ${classes} classes, ${count} pictures`, `${text} (to be ≤ 20)`];
}

/** Up to `most` pictures of each class, from both folders of the sample. */
async function zipPictures(sample: string, most: number) {
  const files: Record<string, Uint8Array> = {};
  const counts = new Map<string, number>();
  for (const part of ['train', 'test']) {
    const { classes, images } = await listImages(`${sample}/${part}`);
    for (const { path, label } of images) {
      const name = classes[label]!;
      const count = counts.get(name) ?? 0;
      if (count === most) continue;
      counts.set(name, count + 1);
      files[`${name}/${count}.jpg`] = await readFile(path);
    }
  }
  return {
    zip: Buffer.from(zipSync(files, { level: 0 })),
    count: Object.keys(files).length,
    classes: counts.size,
  };
}
