import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { explain } from '../../src/classifier/explain.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { renderHeat } from '../../src/images/heatmap.js';
import { openEngine } from '../../src/platform/node/open-engine.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { buildTestSite, sharedBrowser, type TestSite, waitForStatus } from './browser.js';
import { type StaticServer, serveFolder } from './static-server.js';

const test = anyTest as TestFn<{ browser: Browser; site: TestSite; server: StaticServer; picture: Buffer }>;

test.before(async (t) => {
  const site = await buildTestSite(encodeModel(explain(redOrBlue())));
  const { folder } = site;
  await writeFile(join(folder, 'plain.onnx'), encodeModel(redOrBlue()));
  t.context = {
    site,
    browser: await sharedBrowser(),
    server: await serveFolder(folder),
    picture: await redPicture(),
  };
});
test.after.always(async ({ context: { browser, site, server } }) => {
  await browser?.close();
  await server?.close();
  await site?.remove();
});

/** Opens the page with attributes on the element, and gives it the picture. */
async function look(
  { browser, server, picture }: { browser: Browser; server: StaticServer; picture: Buffer },
  attributes: Record<string, string>,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
  page.setDefaultTimeout(20_000);
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.locator('ort-classifier').evaluate((element, attributes) => {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.addEventListener('prediction', (event) => {
      const { heat } = (event as CustomEvent).detail;
      Object.assign(element, { heat: heat && [heat.width, heat.height, ...heat.data] });
    });
  }, attributes);
  await waitForStatus(page, /^Ready/);
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer: picture });
  await waitForStatus(page, /^Most likely red/);
  return page;
}

const heatOf = (page: Page): Promise<number[] | undefined> =>
  page.locator('ort-classifier').evaluate((element) => (element as unknown as { heat?: number[] }).heat);

test.serial('the attribute explain lays over the picture what the command line draws', async (t) => {
  const page = await look(t.context, { explain: '' });
  const [width, height, ...data] = (await heatOf(page))!;
  t.deepEqual([width, height], [200, 100]);

  const classifier = await FileClassifier.load(
    join(t.context.site.folder, 'model.onnx'),
    await openEngine({ provider: 'cpu', threads: 1 }),
  );
  const { image, results } = await classifier.classify(t.context.picture);
  const expected = renderHeat([results[0]!.heatmap!], image);
  await classifier.release();
  // Engines round sums differently, in the last digits.
  const differences = data.map((value, i) => Math.abs(value - expected.data[i]!));
  t.is(data.length, expected.data.length);
  t.true(Math.max(...differences) <= 1);
  t.true(
    data.some((value, i) => i % 4 === 3 && value > 150),
    'there is heat',
  );

  const canvas = page.locator('ort-classifier').locator('.heat');
  t.true(await canvas.isVisible());
  const [heat, picture] = await Promise.all([
    canvas.boundingBox(),
    page.locator('ort-classifier').locator('canvas[part=picture]').boundingBox(),
  ]);
  t.deepEqual(heat, picture, 'both lie in the same place');
  const shown = await canvas.evaluate((element) => {
    const context = (element as HTMLCanvasElement).getContext('2d')!;
    return [
      [130, 80],
      [20, 50],
      [170, 80],
    ].map(([x, y]) => Array.from(context.getImageData(x!, y!, 1, 1).data));
  });
  // A canvas keeps colours times their alpha, and so loses a little.
  const hot = [255, 235, 80, 173];
  for (const [i, value] of hot.entries()) t.true(Math.abs(shown[0]![i]! - value) <= 2, `${shown[0]}`);
  t.deepEqual(shown.slice(1).flat(), new Array(8).fill(0));
  await page.close();
});

test.serial('without the attribute, or with a model that does not tell, there is no heat', async (t) => {
  const cases: Record<string, string>[] = [{}, { model: 'plain.onnx', explain: '' }];
  for (const attributes of cases) {
    const page = await look(t.context, attributes);
    t.is(await heatOf(page), undefined);
    t.true(await page.locator('ort-classifier').locator('.heat').isHidden());
    await page.close();
  }
});
