/**
 * The pictures of both pages in the README: characters are drawn, a model is trained in the studio, and put into the
 * page. They go to the folder that SCREENSHOTS names. There they are compared with those in data/, unless they take
 * the place of these.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { zipSync } from 'fflate';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { buildStudio } from '../../tools/build-studio.js';
import { buildWeb } from '../../tools/build-web.js';
import { cast } from '../../tools/characters/cast.js';
import { Random } from '../../tools/characters/random.js';
import { takePicture } from '../../tools/characters/scene.js';
import { sharedBrowser, waitForStatus } from './browser.js';
import { serveFolder } from './static-server.js';

const test = anyTest as TestFn<{ browser: Browser; room: string }>;

const folder = process.env.SCREENSHOTS ?? 'out/screenshots';
const retakes = resolve(folder) === resolve('data');
const characters = cast.slice(0, 6);

test.before(async (t) => {
  t.context = {
    browser: await sharedBrowser(),
    room: await mkdtemp(join(tmpdir(), 'ort-transfer-screenshots-')),
  };
});
test.after.always(async ({ context: { browser, room } }) => {
  await browser?.close();
  await rm(room, { recursive: true, force: true });
});

/** Visits a built page with the eyes of a README's reader. */
async function visit(
  { context: { browser } }: ExecutionContext<{ browser: Browser }>,
  site: string,
  viewport: BrowserContextOptions['viewport'],
  action: (page: Page) => Promise<void>,
): Promise<void> {
  const server = await serveFolder(site);
  const page = await browser.newPage({ viewport, colorScheme: 'light', reducedMotion: 'reduce' });
  try {
    await page.goto(server.url);
    await action(page);
  } finally {
    await page.context().close();
    await server.close();
  }
}

/** Shows a picture that the model has not seen. */
async function show(page: Page, buffer: Buffer): Promise<void> {
  const input = page.locator('ort-classifier input[type=file]');
  await input.setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer });
  await waitForStatus(page, /^Most likely/);
  await page.locator('ort-classifier canvas[part=picture]').waitFor();
}

/** Takes a screenshot, and compares it with the README's. */
async function shoot(t: ExecutionContext, page: Page, name: string): Promise<void> {
  const png = await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toBuffer();
  const expected = await readFile(join('data', `${name}.png`));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.png`), png);
  t.true(png.length < 300e3, `${name}.png has ${png.length} bytes`);
  const sizes = await Promise.all([png, expected].map((each) => sharp(each).metadata()));
  t.deepEqual([sizes[0]!.width, sizes[0]!.height], [sizes[1]!.width, sizes[1]!.height]);
  // Small and blurred, since letters differ from machine to machine.
  const [seen, wanted] = await Promise.all(
    [png, expected].map((each) => sharp(each).removeAlpha().resize(64, 48, { fit: 'fill' }).raw().toBuffer()),
  );
  const mean = seen!.reduce((sum, level, i) => sum + Math.abs(level - wanted![i]!), 0) / seen!.length;
  t.log(`${name}.png: ${png.length} bytes, ${mean.toFixed(2)} levels from the README's`);
  t.true(retakes || mean < 3, `data/${name}.png looks otherwise; 'make screenshots' takes it anew`);
}

test('both pages look as the README shows them', async (t) => {
  const { room } = t.context;
  // Pictures of the sample, which are drawn by their path.
  const files: Record<string, Uint8Array> = {};
  for (const character of characters)
    for (let i = 1; i <= 8; i++) {
      const path = `${character.name}/${String(i).padStart(3, '0')}.jpg`;
      files[path] = await takePicture(character, new Random(0, `train/${path}`));
    }
  const zip = Buffer.from(zipSync(files, { level: 0 }));
  const [first] = characters;
  const unseen = await takePicture(first!, new Random(0, `test/${first!.name}/001.jpg`));

  const [studio, web] = [join(room, 'studio'), join(room, 'web')];
  const model = join(room, 'model.onnx');
  await buildStudio({ out: studio });
  await visit(t, studio, { width: 1440, height: 1730 }, async (page) => {
    await page.locator('#open').setInputFiles({ name: 'a.zip', mimeType: 'application/zip', buffer: zip });
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    const status = page.locator('#status').filter({ hasText: /^Trained in/ });
    await status.waitFor({ timeout: 120_000 });
    await show(page, unseen);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download model.onnx' }).click(),
    ]);
    await download.saveAs(model);
    await page.mouse.move(0, 0);
    await page.evaluate(() => scrollTo(0, 0));
    await shoot(t, page, 'studio');
  });
  await buildWeb({ model, out: web });
  await visit(t, web, { width: 1000, height: 600 }, async (page) => {
    await waitForStatus(page, /^Ready/);
    await show(page, unseen);
    await shoot(t, page, 'page');
  });
});
