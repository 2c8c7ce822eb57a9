/** `<ort-classifier>` beyond a picture that is chosen: the camera, models that are kept, lazy loading. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import type { ClassifierElement } from '../../src/web/element/classifier-element.js';
import {
  buildTestSite,
  launchChromium,
  redFile as red,
  seen,
  sharedBrowser,
  type TestSite,
  waitForStatus,
} from './browser.js';
import { type StaticServer, serveFolder } from './static-server.js';

const test = anyTest as TestFn<{
  browser: Browser;
  site: TestSite;
  server: StaticServer;
  page: Page;
}>;

test.before(async (t) => {
  t.context.site = await buildTestSite();
  t.context.browser = await sharedBrowser();
});

test.after.always(async (t) => {
  await t.context.browser?.close();
  await t.context.site?.remove();
});

test.beforeEach(async (t) => {
  const server = await serveFolder(t.context.site.folder);
  const page = await t.context.browser.newPage({ viewport: { width: 1100, height: 800 } });
  page.setDefaultTimeout(20_000);
  t.context = { ...t.context, server, page };
});

test.afterEach.always(async (t) => {
  await t.context.page?.context().close();
  await t.context.server?.close();
});

const countPredictions = (page: Page, count: number) =>
  page.locator('ort-classifier').evaluate(
    (element, count) =>
      new Promise<number>((resolve) => {
        let answers = 0;
        element.addEventListener('prediction', () => {
          answers++;
          if (answers === count) resolve(answers);
        });
      }),
    count,
  );

const cameraIsOn = (page: Page) =>
  page
    .locator('ort-classifier')
    .evaluate((element) => element.shadowRoot!.querySelector('video')!.srcObject !== null);

test.serial('the camera is watched until it is stopped', async (t) => {
  const { page, server } = t.context;
  await page.context().grantPermissions(['camera']);
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.getByRole('button', { name: 'Use the camera' }).click();
  t.is(await countPredictions(page, 3), 3);
  t.true(await cameraIsOn(page));
  t.is((await seen(page)).predictions.length, 5);
  await page.getByRole('button', { name: 'Stop the camera' }).click();
  t.false(await cameraIsOn(page));
  t.true(await page.getByRole('button', { name: 'Use the camera' }).isVisible());
});

test.serial('a picture takes the place of the camera', async (t) => {
  const { page, server } = t.context;
  await page.context().grantPermissions(['camera']);
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.locator('ort-classifier').evaluate((element) => (element as ClassifierElement).startCamera());
  t.true(await cameraIsOn(page));
  const answer = page.locator('ort-classifier').evaluate(async (element, base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const { width, height } = await (element as ClassifierElement).classify(new Blob([bytes]));
    return [width, height];
  }, red.buffer.toString('base64'));
  t.deepEqual(await answer, [64, 48]);
  t.false(await cameraIsOn(page));
});

test.serial('a refused camera is told, and pictures still work', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  // Without a grant a headless browser refuses.
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await waitForStatus(page, /camera/);
  t.deepEqual(await seen(page), {
    status:
      'The camera cannot be used. It was not allowed. The browser’s settings for this page let you change that.',
    isError: true,
    predictions: [],
  });
  await page.locator('input[type=file]').setInputFiles(red);
  await waitForStatus(page, /^Most likely /);
  t.false((await seen(page)).isError);
});

test.serial('a machine without a camera is told', async (t) => {
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.context().grantPermissions(['camera']);
  await page.goto(t.context.server.url);
  await waitForStatus(page, /^Ready/);
  await page.getByRole('button', { name: 'Use the camera' }).click();
  await waitForStatus(page, /camera/);
  t.is((await seen(page)).status, 'The camera cannot be used. There is none.');
  await browser.close();
});

test.serial('a model is fetched once, as long as the server has no other', async (t) => {
  const { page, site } = t.context;
  let etag = '"one"';
  const server = await serveFolder(site.folder, { headers: () => ({ etag }) });
  const visit = async () => {
    const before = server.requests.length;
    await page.goto(server.url);
    await waitForStatus(page, /^Ready/);
    return server.requests
      .map((path, i) => `${server.methods[i]} ${path}`)
      .slice(before)
      .filter((request) => request.endsWith('model.onnx'));
  };
  t.deepEqual(await visit(), ['GET model.onnx']);
  t.deepEqual(await visit(), ['HEAD model.onnx']);
  etag = '"two"';
  t.deepEqual(await visit(), ['HEAD model.onnx', 'GET model.onnx']);
  t.deepEqual(await visit(), ['HEAD model.onnx']);
  await server.close();
});

test.serial('loading="lazy" waits until the element comes near', async (t) => {
  const { page, server, site } = t.context;
  const html = await readFile(join(site.folder, 'index.html'), 'utf8');
  await writeFile(
    join(site.folder, 'lazy.html'),
    html
      .replace('<main>', '<main><p>'.concat('long text<br>'.repeat(400), '</p>'))
      .replace('<ort-classifier ', '<ort-classifier loading="lazy" '),
  );
  await page.goto(`${server.url}lazy.html`);
  await page.waitForTimeout(500);
  t.false(server.requests.includes('model.onnx'));
  await page.locator('ort-classifier').scrollIntoViewIfNeeded();
  await waitForStatus(page, /^Ready/);
  t.true(server.requests.includes('model.onnx'));
});

test.serial('provider="webgpu" falls back to WebAssembly, with the same answers', async (t) => {
  const { page, server } = t.context;
  const answers: (readonly string[])[] = [];
  await page.goto(server.url);
  for (const provider of ['wasm', 'webgpu']) {
    await page
      .locator('ort-classifier')
      .evaluate((element, provider) => element.setAttribute('provider', provider), provider);
    await waitForStatus(page, /^Ready/);
    await page.locator('input[type=file]').setInputFiles(red);
    await waitForStatus(page, /^Most likely /);
    answers.push((await seen(page)).predictions);
  }
  t.deepEqual(answers[1], answers[0]);
  const used = await page
    .locator('ort-classifier')
    .evaluate((element) => (element as ClassifierElement).classifier!.provider);
  t.is(used, 'wasm');
});

test.serial("a page of one's own is told of options that are not known", async (t) => {
  const { page, server } = t.context;
  // No page of ours, whose element is defined already.
  await page.goto(new URL('page.css', server.url).href);
  const told = await page.evaluate(async (script) => {
    const { Classifier } = await import(script);
    const tell = (error: Error) => `${error.name}: ${error.message}`;
    const words: string[] = [];
    try {
      new Classifier('model.onnx', { onprogress: () => {} });
    } catch (error) {
      words.push(tell(error as Error));
    }
    const classifier = new Classifier('model.onnx', { provider: 'wasm', assets: undefined });
    const picture = new Blob([new Uint8Array(1)]);
    words.push(await classifier.classify(picture, { heat: true }).catch(tell));
    words.push(
      await classifier.classify(picture, { explain: false }).catch(({ fault }: { fault: string }) => fault),
    );
    classifier.close();
    return words;
  }, new URL('ort-classifier.js', server.url).href);
  t.deepEqual(told, [
    "TypeError: Classifier() got an unexpected keyword argument 'onprogress'. Hint: write 'onProgress' for 'onprogress'.",
    "TypeError: classify() got an unexpected keyword argument 'heat'. Hint: it knows explain.",
    'bad picture',
  ]);
});

test.serial('a model can be handed over as a file', async (t) => {
  const { page, server, site } = t.context;
  const bytes = await readFile(join(site.folder, 'model.onnx'));
  await page.goto(server.url);
  await page.locator('ort-classifier').evaluate((element, base64) => {
    element.removeAttribute('model');
    const model = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    (element as ClassifierElement).load(new Blob([model]));
  }, bytes.toString('base64'));
  await waitForStatus(page, /^Ready\. It knows 5 classes\.$/);
  await page.locator('input[type=file]').setInputFiles(red);
  await waitForStatus(page, /^Most likely /);
  t.is((await seen(page)).predictions.length, 5);
});
