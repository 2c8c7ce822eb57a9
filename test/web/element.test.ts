/** `<ort-classifier>` beyond a picture that is chosen: the camera, models that are kept, lazy loading. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import type { ClassifierElement } from '../../src/web/element/classifier-element.js';
import { buildWeb } from '../../tools/build-web.js';
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
  // The last frame's answer goes with the camera.
  t.deepEqual((await seen(page)).predictions, []);
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

test.serial('a picture may be a file, an address, or whatever shows one', async (t) => {
  const { page, server, site } = t.context;
  await writeFile(join(site.folder, 'red.png'), red.buffer);
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const answers = await page.locator('ort-classifier').evaluate(async (element) => {
    const classifier = element as ClassifierElement;
    const blob = await (await fetch('red.png')).blob();
    const image = new Image();
    image.src = 'red.png';
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = image.width;
    canvas.height = image.height;
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0);
    const offscreen = new OffscreenCanvas(image.width, image.height);
    offscreen.getContext('2d')!.drawImage(image, 0, 0);
    const video = document.createElement('video');
    video.srcObject = canvas.captureStream(30);
    video.muted = true;
    await video.play();
    const sources = {
      blob,
      image,
      canvas,
      offscreen,
      video,
      pixels: context.getImageData(0, 0, canvas.width, canvas.height),
      bitmap: await createImageBitmap(blob),
      address: 'red.png',
      url: new URL('red.png', location.href),
    };
    const found: Record<string, readonly { label: string; probability: number }[]> = {};
    for (const [name, source] of Object.entries(sources)) {
      found[name] = (await classifier.classify(source)).predictions;
      if (classifier.shadowRoot!.querySelector('canvas')!.hidden) throw new Error(`${name} is not shown`);
    }
    return found;
  });
  const { blob, video, ...others } = answers;
  for (const [name, predictions] of Object.entries(others)) t.deepEqual(predictions, blob, name);
  // Video is kept in fewer levels of colour.
  for (const { label, probability } of video!)
    t.true(Math.abs(probability - blob!.find((one) => one.label === label)!.probability) < 0.05, label);
});

test.serial('an address without a picture, and something else than a picture, are told', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const told = await page.locator('ort-classifier').evaluate(async (element) => {
    const words: string[] = [];
    for (const source of ['nothing.png', { pixels: 1 }, null])
      await (element as ClassifierElement).classify(source as string).catch((error) => {
        words.push(`${error.name}, ${error.fault}: ${error.message}`);
      });
    return words;
  });
  t.is(
    told[0],
    `ClassifierError, bad picture: Expected a picture at ${server.url}nothing.png. Received: HTTP status 404.`,
  );
  t.regex(told[1]!, /^ClassifierError, bad picture: Expected a picture\. Received: an Object: /);
  t.regex(told[2]!, /^ClassifierError, bad picture: Expected a picture\. Received: null: /);
  t.true((await seen(page)).isError);
});

const files = [
  red,
  { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') },
  { ...red, name: 'also red.png' },
];

test.serial('several pictures become a list, of which each opens its picture', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const events: Promise<number> = countPredictions(page, 2);
  await page.locator('input[type=file]').setInputFiles(files);
  const list = page.getByRole('list', { name: 'Pictures' });
  await list.getByRole('button', { name: /also red\.png .*%/ }).waitFor();
  const { predictions } = await seen(page);
  const texts = await list.getByRole('button').allTextContents();
  t.is(texts[0], `red.png${predictions[0]}`);
  t.is(texts[1], 'notes.txtIt is text.');
  t.is(texts[2], `also red.png${predictions[0]}`);
  t.is(await page.getByRole('img').getAttribute('aria-label'), 'The picture red.png');
  await list.getByRole('button', { name: /also red/ }).click();
  await page.getByRole('img', { name: 'The picture also red.png' }).waitFor();
  t.is(await list.locator('[aria-current]').textContent(), texts[2]!);
  // Only pictures that are shown are told to the page.
  t.is(await events, 2);
  // One picture more takes the list's place.
  await page.locator('input[type=file]').setInputFiles(red);
  await page.getByRole('img', { name: 'The picture red.png' }).waitFor();
  t.is(await list.getByRole('button').count(), 0);
});

test.serial('top, threshold and labels redraw the answer, and nonsense in them does no harm', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.locator('input[type=file]').setInputFiles(red);
  await waitForStatus(page, /^Most likely /);
  const { predictions } = await seen(page);
  const set = (name: string, value: string) =>
    page
      .locator('ort-classifier')
      .evaluate((element, [name, value]) => element.setAttribute(name, value), [name, value] as const);
  await set('top', '2');
  t.deepEqual((await seen(page)).predictions, predictions.slice(0, 2));
  for (const top of ['many', '0', '-3', '']) {
    await set('top', top);
    t.deepEqual((await seen(page)).predictions, predictions.slice(0, 5), `top=${top}`);
  }
  await set('threshold', '1');
  t.deepEqual((await seen(page)).predictions, ['Not sure', ...predictions.slice(0, 5)]);
  await set('threshold', '2');
  t.deepEqual((await seen(page)).predictions, predictions.slice(0, 5));
  const [label = ''] = /^.*(?= [\d.]+%$)/.exec(predictions[0]!) ?? [];
  await set('labels', JSON.stringify({ [label]: 'Someone' }));
  t.is((await seen(page)).predictions[0], predictions[0]!.replace(label, 'Someone'));
  await set('labels', '{broken');
  t.deepEqual((await seen(page)).predictions, predictions.slice(0, 5));
});

test.serial('an error stays out of window.onerror, and the element may be defined twice', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const heard = await page.locator('ort-classifier').evaluate(async (element, script) => {
    const events: string[] = [];
    window.addEventListener('error', () => events.push('window'));
    element.addEventListener('error', (event) =>
      events.push((event as unknown as CustomEvent<{ fault: string }>).detail.fault),
    );
    const { defineClassifierElement } = await import(script);
    defineClassifierElement();
    await (element as ClassifierElement).classify(new Blob(['no picture'])).catch(() => {});
    return events;
  }, new URL('ort-classifier.js', server.url).href);
  t.deepEqual(heard, ['bad picture']);
});

test.serial('it works in a page that requires trusted types', async (t) => {
  const { page, site } = t.context;
  const server = await serveFolder(site.folder, {
    headers: { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types ort-transfer" },
  });
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.locator('input[type=file]').setInputFiles(red);
  await waitForStatus(page, /^Most likely /);
  t.is((await seen(page)).predictions.length, 5);
  await server.close();
});

test.serial('WebGPU gives the answers of WebAssembly within 1e-3, on an adapter in software', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-webgpu-'));
  await buildWeb({ model: join(t.context.site.folder, 'model.onnx'), webgpu: true, out: folder });
  const server = await serveFolder(folder);
  const browser = await launchChromium('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
  const page = await browser.newPage();
  await page.goto(new URL('page.css', server.url).href);
  const [onWasm, onGpu] = await page.evaluate(
    async ({ script, picture }) => {
      const { Classifier } = await import(script);
      const blob = new Blob([Uint8Array.from(atob(picture), (c) => c.charCodeAt(0))]);
      const found: { provider: string; predictions: { label: string; probability: number }[] }[] = [];
      for (const provider of ['wasm', 'webgpu']) {
        const classifier = new Classifier('model.onnx', { provider });
        const { predictions } = await classifier.classify(blob);
        found.push({ provider: classifier.provider, predictions });
        classifier.close();
      }
      return found;
    },
    { script: new URL('ort-classifier.js', server.url).href, picture: red.buffer.toString('base64') },
  );
  await browser.close();
  await server.close();
  await rm(folder, { recursive: true });
  t.is(onWasm!.provider, 'wasm');
  t.is(onGpu!.provider, 'webgpu');
  const differences = onGpu!.predictions.map(({ label, probability }) =>
    Math.abs(probability - onWasm!.predictions.find((one) => one.label === label)!.probability),
  );
  t.log(`at most ${Math.max(...differences).toExponential(1)} apart`);
  t.true(Math.max(...differences) < 1e-3, differences.join(' '));
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
