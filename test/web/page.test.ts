import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { sealModel } from '../../src/classifier/seal-model.js';
import type { ValueInfo } from '../../src/graph/graph.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { head, metadata, seededClassifier } from '../export/seeded-classifier.js';
import { buildTestSite, seen, sharedBrowser, type TestSite, waitForStatus } from './browser.js';
import { type StaticServer, serveFolder } from './static-server.js';

const test = anyTest as TestFn<{
  browser: Browser;
  site: TestSite;
  server: StaticServer;
  page: Page;
  /** What the browser's console said. */
  complaints: string[];
}>;

const picture = (background: string, width = 64, height = 48): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();

const file = async (name: string, buffer: Buffer | Promise<Buffer>) => ({
  name,
  mimeType: 'image/png',
  buffer: await buffer,
});

test.before(async (t) => {
  t.context.site = await buildTestSite();
  t.context.browser = await sharedBrowser();
});

test.after.always(async (t) => {
  await t.context.browser?.close();
  await t.context.site?.remove();
});

test.beforeEach(async (t) => {
  t.context = { ...t.context, complaints: [] };
  t.context.server = await serveFolder(t.context.site.folder);
  t.context.page = await newPage(t.context.browser, t.context.complaints);
});

test.afterEach.always(async (t) => {
  await t.context.page?.context().close();
  await t.context.server?.close();
});

async function newPage(browser: Browser, complaints: string[]): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  return page;
}

/** Drops files as the system would, at the middle of `selector`. */
async function drop(page: Page, selector: string, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      return data;
    },
    { name, base64: bytes.toString('base64') },
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.locator(selector).dispatchEvent(type, { dataTransfer: transfer });
}

test.serial('a visitor chooses a picture and sees the likeliest classes', async (t) => {
  const { page, server, complaints } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready\. It knows 5 classes\.$/);
  await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
  await waitForStatus(page, /^Most likely /);
  const { status, isError, predictions } = await seen(page);
  t.false(isError);
  t.is(predictions.length, 5);
  const shares = predictions.map((line) => Number(/([\d.]+)%$/.exec(line)![1]));
  t.deepEqual(
    shares,
    [...shares].sort((a, b) => b - a),
  );
  t.true(Math.abs(shares.reduce((a, b) => a + b) - 100) < 0.3, predictions.join(', '));
  t.is(status, `Most likely ${predictions[0]!.replace(/ ([\d.]+%)$/, ', $1.')}`);
  t.deepEqual(predictions.map((line) => line.replace(/ [\d.]+%$/, '')).sort(), [...metadata.labels].sort());
  t.deepEqual(complaints, []);
});

test.serial('everything comes from the folder, by relative addresses, and is little', async (t) => {
  const { browser, server, site } = t.context;
  // Without the service worker, which fetches files to keep them.
  const page = await browser.newPage({ serviceWorkers: 'block' });
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.context().close();
  const requests = new Set(server.requests);
  // Parts that several scripts share have a hash for a name.
  const plain = (paths: Iterable<string>) =>
    [...new Set([...paths].map((path) => path.replace(/-[A-Z0-9]{8}\.js$/, '.js')))].sort();
  t.deepEqual(
    plain(requests).filter((path) => path !== 'service-worker.js'),
    [
      'chunk.js',
      'index.html',
      'model.onnx',
      'ort-wasm-simd-threaded.mjs',
      'ort-wasm-simd-threaded.wasm',
      'ort.wasm.min.js',
      'page.css',
      'page.js',
      'worker.js',
    ],
  );
  let bytes = 0;
  for (const path of requests)
    if (/\.(html|css|m?js)$/.test(path))
      bytes += brotliCompressSync(await readFile(join(site.folder, path))).length;
  t.log(`${bytes} bytes of scripts, styles and HTML as brotli`);
  t.true(bytes < 50_000, `${bytes}`);
});

test.serial('a cross-origin isolated page answers the same', async (t) => {
  const { page, server, site, complaints } = t.context;
  const isolation = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  };
  const isolated = await serveFolder(site.folder, { headers: isolation });
  const answers: (readonly string[])[] = [];
  for (const { url } of [server, isolated]) {
    await page.goto(url);
    await waitForStatus(page, /^Ready/);
    await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
    await waitForStatus(page, /^Most likely /);
    answers.push((await seen(page)).predictions);
  }
  t.true(await page.evaluate(() => crossOriginIsolated));
  t.deepEqual(answers[1], answers[0]);
  t.deepEqual(complaints, []);
  await isolated.close();
});

test.serial('pictures can be dropped on the element, and beside it', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await drop(page, 'ort-classifier .drop', 'red.png', await picture('#ff0000'));
  await waitForStatus(page, /^Most likely /);
  const first = await seen(page);
  await drop(page, 'h1', 'blue.png', await picture('#0000ff'));
  await page.waitForFunction(
    (before) =>
      document.querySelector('ort-classifier')!.shadowRoot!.querySelector('li .probability')!.textContent !==
      before,
    /[\d.]+%$/.exec(first.predictions[0]!)![0],
  );
  t.notDeepEqual((await seen(page)).predictions, first.predictions);
  t.is(page.url(), server.url);
});

test.serial('a picture can be pasted', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.evaluate(
    (base64) => {
      const data = new DataTransfer();
      data.items.add(
        new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], 'image.png', { type: 'image/png' }),
      );
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    },
    (await picture('#20c040')).toString('base64'),
  );
  await waitForStatus(page, /^Most likely /);
  t.is((await seen(page)).predictions.length, 5);
});

test.serial('an element that is hidden leaves pastes alone', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const isTaken = () =>
    page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(1)], 'image.png', { type: 'image/png' }));
      const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
      return !document.dispatchEvent(paste);
    });
  await page.locator('ort-classifier').evaluate((element) => {
    element.parentElement!.style.display = 'none';
  });
  t.false(await isTaken());
  await page.locator('ort-classifier').evaluate((element) => {
    element.parentElement!.style.display = '';
  });
  t.true(await isTaken());
});

const whatScreenReadersSay = `- main:
  - heading "What is in the picture?" [level=1]
  - paragraph: The model runs in this page. No picture leaves your browser.
  - button "Choose a picture or drop one here, or paste it"
  - strong: Choose a picture
  - text: or drop one here, or paste it
  - button "Use the camera"
  - status: Ready. It knows 5 classes.
  - list "What it may be"
  - paragraph: ${metadata.labels.join(' · ')}
  - group: About this model`;

test.serial('the keyboard is enough', async (t) => {
  const { page, server } = t.context;
  // Asked for early, since Chromium is told of it without an answer to wait for.
  const chooser = page.waitForEvent('filechooser');
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  t.is(await page.locator('main').ariaSnapshot(), whatScreenReadersSay);
  await page.keyboard.press('Tab');
  const outline = await page
    .locator('ort-classifier .drop')
    .evaluate((drop) => getComputedStyle(drop).outlineStyle);
  t.is(outline, 'solid');
  await page.keyboard.press('Enter');
  await (await chooser).setFiles(await file('red.png', picture('#c03020')));
  await waitForStatus(page, /^Most likely /);
  await page.keyboard.press('Tab');
  t.is(
    await page
      .locator('ort-classifier')
      .evaluate((element) => element.shadowRoot!.activeElement?.textContent),
    'Use the camera',
  );
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  t.true(await page.locator('#facts').isVisible());
  t.regex((await page.locator('#facts').textContent())!, /95\.7% on 70 pictures/);
});

test.serial(
  'the same file can be chosen again, and a picture given before the model is ready waits',
  async (t) => {
    const { page, server } = t.context;
    await page.goto(server.url, { waitUntil: 'domcontentloaded' });
    const red = await file('red.png', picture('#c03020'));
    await page.locator('input[type=file]').setInputFiles(red);
    await waitForStatus(page, /^Most likely /);
    const answers = await page.evaluate(() => {
      const element = document.querySelector('ort-classifier')!;
      const log: number[] = [];
      element.addEventListener('prediction', (event) =>
        log.push((event as CustomEvent).detail.predictions.length),
      );
      return Object.assign(window, { log }).log;
    });
    t.deepEqual(answers, []);
    await page.locator('input[type=file]').setInputFiles(red);
    await page.waitForFunction(() => (window as unknown as { log: number[] }).log.length === 1);
    t.pass();
  },
);

for (const [name, bytes, message] of [
  ['letter.txt', Buffer.from('Dear sir or madam'), '“letter.txt” cannot be read as a picture. It is text.'],
  ['empty.png', Buffer.alloc(0), '“empty.png” cannot be read as a picture. It is an empty file.'],
  [
    'damaged.png',
    picture('#123456', 400, 300).then((whole) => whole.fill(0xaa, whole.length >> 1, whole.length - 20)),
    '“damaged.png” cannot be read as a picture. It is a PNG that this browser cannot decode.',
  ],
  [
    'scan.tiff',
    sharp({ create: { width: 64, height: 48, channels: 3, background: '#c03020' } })
      .tiff()
      .toBuffer(),
    '“scan.tiff” cannot be read as a picture. It is a TIFF picture, which browsers do not show. Convert it to JPEG or PNG.',
  ],
  [
    'bomb.png',
    picture('#123456').then((small) => {
      small.writeUInt32BE(50_000, 16);
      small.writeUInt32BE(50_000, 20);
      return small;
    }),
    '“bomb.png” cannot be read as a picture. It is 50000×50000 pixels, more than 100000000.',
  ],
] as const)
  test.serial(`a file that cannot be read is told, and the next one works: ${name}`, async (t) => {
    const { page, server } = t.context;
    await page.goto(server.url);
    await waitForStatus(page, /^Ready/);
    await page.locator('input[type=file]').setInputFiles(await file(name, await bytes));
    await waitForStatus(page, /cannot be read/);
    t.deepEqual(await seen(page), { status: message, isError: true, predictions: [] });
    await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
    await waitForStatus(page, /^Most likely /);
    t.false((await seen(page)).isError);
  });

test.serial('a missing model is told', async (t) => {
  const { page, site } = t.context;
  const server = await serveFolder(site.folder, { hide: ['model.onnx'] });
  await page.goto(server.url);
  await waitForStatus(page, /model/);
  await page.locator('ort-classifier .status.error').waitFor();
  t.is((await seen(page)).status, 'The model could not be loaded: there is no model.onnx here.');
  await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
  await page.locator('ort-classifier[aria-busy=false] .status.error').waitFor();
  t.is((await seen(page)).status, 'The model could not be loaded: there is no model.onnx here.');
  await server.close();
});

test.serial('a model that comes in part is told, and is not kept', async (t) => {
  const { page, site } = t.context;
  const server = await serveFolder(site.folder, { cut: ['model.onnx'] });
  await page.goto(server.url);
  await page.locator('ort-classifier .status.error').waitFor();
  t.regex(
    (await seen(page)).status,
    /^The model could not be loaded: the connection broke off after [\d.]+ of the [\d.]+ MB of model\.onnx\. Reloading the page tries again\.$/,
  );
  t.deepEqual(
    await page.evaluate(async () => (await (await caches.open('ort-transfer-1')).keys()).length),
    0,
  );
  await server.close();
});

test.serial('a damaged model is told, and is not kept', async (t) => {
  const { page } = t.context;
  const model = await sealModel(seededClassifier());
  model[5000]! ^= 0x40;
  const site = await buildTestSite(model);
  const server = await serveFolder(site.folder);
  await page.goto(server.url);
  await page.locator('ort-classifier .status.error').waitFor();
  t.regex(
    (await seen(page)).status,
    /^The file model\.onnx cannot be used here\. Expected a model as it was written\. Received: one with other bytes/,
  );
  t.is(await page.evaluate(async () => (await (await caches.open('ort-transfer-1')).keys()).length), 0);
  await server.close();
  await site.remove();
});

test.serial('a kept model that was damaged since is fetched again', async (t) => {
  const { page } = t.context;
  const site = await buildTestSite(await sealModel(seededClassifier()));
  const server = await serveFolder(site.folder, { headers: { etag: '"one"' } });
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const flip = async () => {
    const shelf = await caches.open('ort-transfer-1');
    const [key] = (await shelf.keys()).filter(({ url }) => url.endsWith('model.onnx'));
    const kept = (await shelf.match(key!))!;
    const bytes = new Uint8Array(await kept.arrayBuffer());
    bytes[5000]! ^= 0x40;
    await shelf.put(key!, new Response(bytes, { headers: kept.headers }));
  };
  await page.evaluate(flip);
  await page.reload();
  await waitForStatus(page, /^Ready/);
  t.false((await seen(page)).isError);
  const byte = await page.evaluate(async () => {
    const shelf = await caches.open('ort-transfer-1');
    const [key] = (await shelf.keys()).filter(({ url }) => url.endsWith('model.onnx'));
    return new Uint8Array(await (await shelf.match(key!))!.arrayBuffer())[5000];
  });
  t.is(byte, (await readFile(join(site.folder, 'model.onnx')))[5000]);
  await server.close();
  await site.remove();
});

test.serial('WebAssembly that is missing or forbidden is told', async (t) => {
  const { page, site } = t.context;
  const name = 'ort-wasm-simd-threaded';
  for (const [options, reason] of [
    [
      { hide: [`${name}.wasm`] },
      `Expected ONNX Runtime's file FOLDER${name}.wasm. Received: HTTP status 404. Hint: copy it there, or name its folder with the attribute 'assets'.`,
    ],
    [
      { html: [`${name}.mjs`] },
      `Expected ONNX Runtime's file FOLDER${name}.mjs. Received: something of the type text/html. Hint: the server must send the file itself, .mjs as text/javascript and .wasm as application/wasm.`,
    ],
    [
      { html: [`${name}.wasm`] },
      `Expected ONNX Runtime's file FOLDER${name}.wasm. Received: something of the type text/html. Hint: the server must send the file itself, .mjs as text/javascript and .wasm as application/wasm.`,
    ],
    [
      { headers: { 'content-security-policy': "script-src 'self'" } },
      /^This browser could not start ONNX Runtime, which runs the model\. Expected WebAssembly to be allowed\. Received: .*\. Hint: the page's Content-Security-Policy needs script-src 'self' 'wasm-unsafe-eval'\.$/,
    ],
  ] as const) {
    const server = await serveFolder(site.folder, options);
    await page.goto(server.url);
    await page.locator('ort-classifier .status.error').waitFor();
    const { status } = await seen(page);
    if (typeof reason === 'string')
      t.is(
        status,
        `This browser could not start ONNX Runtime, which runs the model. ${reason.replace('FOLDER', server.url)}`,
      );
    else t.regex(status, reason);
    await server.close();
  }
});

test.serial('a model that the page forbids is told', async (t) => {
  const { page, site } = t.context;
  const headers = { 'content-security-policy': "connect-src 'none'" };
  const server = await serveFolder(site.folder, { headers });
  await page.goto(server.url);
  await page.locator('ort-classifier .status.error').waitFor();
  t.is(
    (await seen(page)).status,
    "The model could not be loaded: the page's Content-Security-Policy forbids it, and would have to name its origin in connect-src.",
  );
  await server.close();
});

test.serial('a page that is opened as a file says that it needs a server', async (t) => {
  const { page, site } = t.context;
  await page.goto(pathToFileURL(join(site.folder, 'index.html')).href);
  await page.getByText(/from a web server, not from a file/).waitFor();
  t.is(await page.locator('ort-classifier .drop').count(), 0);
});

test.serial('a missing worker is told', async (t) => {
  const { page, site } = t.context;
  const server = await serveFolder(site.folder, { hide: ['worker.js'] });
  await page.goto(server.url);
  await page.locator('ort-classifier .status.error').waitFor();
  t.is(
    (await seen(page)).status,
    `This browser could not start ONNX Runtime, which runs the model. The script ${server.url}worker.js did not come. It must lie there, and the page's Content-Security-Policy must allow worker-src 'self'.`,
  );
  await server.close();
});

/** Outputs that lack the one that a page asks for. */
const renamed = (outputs: readonly ValueInfo[]): ValueInfo[] =>
  outputs.map((output) => ({ ...output, name: 'head/Softmax' }));

test.serial('models that cannot be used are told', async (t) => {
  const { page, site, server } = t.context;
  const whole = await readFile(join(site.folder, 'model.onnx'));
  const model = seededClassifier();
  const broken = { ...model, graph: { ...model.graph, nodes: model.graph.nodes.slice(1) } };
  const cases: [name: string, bytes: Uint8Array, status: RegExp][] = [
    ['cut.onnx', whole.subarray(0, 5000), /^The file cut\.onnx cannot be used here\. .*ends \d+ bytes early/],
    ['page.onnx', Buffer.from('<!doctype html>'), /^The file page\.onnx cannot .* Received: a web page\.$/],
    [
      'foreign.onnx',
      encodeModel({ ...model, metadata: {} }),
      /^The file foreign\.onnx cannot .* an ONNX model without\. Hint/,
    ],
    ['broken.onnx', encodeModel(broken), /^The file broken\.onnx cannot be used here\. /],
    [
      'nan.onnx',
      encodeModel(
        seededClassifier({
          head: (g, embedding) =>
            head(g, g.op('Add', [embedding, g.initializer('bad', float32([0, Number.NaN], [2]))])),
        }),
      ),
      /^The file nan\.onnx cannot be used here\. Expected finite weights\. Received: NaN or infinity in '.*bad'\./,
    ],
    [
      'three.onnx',
      encodeModel(
        seededClassifier({
          head: (g, embedding) => g.op('Slice', [head(g, embedding), g.ints(0), g.ints(3), g.ints(1)]),
        }),
      ),
      /^The file three\.onnx cannot be used here\. Expected an undamaged model\. Received: one that does not load: /,
    ],
    [
      'scores.onnx',
      encodeModel({ ...model, graph: { ...model.graph, outputs: renamed(model.graph.outputs) } }),
      /^The file scores\.onnx cannot be used here\. Expected /,
    ],
    [
      'face.onnx', // The site was built without a detector.
      encodeModel(
        seededClassifier({
          metadata: { ...metadata, preprocessing: { ...metadata.preprocessing, crop: 'face' } },
        }),
      ),
      /^The model could not be loaded: there is no face-detector\.onnx here\.$/,
    ],
  ];
  await page.goto(server.url);
  for (const [name, bytes, status] of cases) {
    await writeFile(join(site.folder, name), bytes);
    await page
      .locator('ort-classifier')
      .evaluate((element, name) => element.setAttribute('model', name), name);
    await waitForStatus(page, status);
    t.true((await seen(page)).isError);
    t.regex((await seen(page)).status, status);
  }
  await page.locator('ort-classifier').evaluate((element) => element.setAttribute('model', 'model.onnx'));
  await waitForStatus(page, /^Ready/);
});

test.serial('answers that are no numbers are told, and nothing is shown for them', async (t) => {
  const { page, site, server } = t.context;
  const overflowing = seededClassifier({
    head: (g, embedding) => g.op('Div', [head(g, embedding), g.scalar(0)]),
  });
  await writeFile(join(site.folder, 'zero.onnx'), encodeModel(overflowing));
  await page.goto(server.url);
  await page.locator('ort-classifier').evaluate((element) => element.setAttribute('model', 'zero.onnx'));
  await waitForStatus(page, /^Ready/);
  await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
  await page.locator('ort-classifier .status.error').waitFor();
  t.deepEqual(await seen(page), {
    status:
      "The file zero.onnx cannot be used here. Expected finite probabilities. Received: Infinity for 'apple'. Hint: the model is damaged, or its training failed; train it again.",
    isError: true,
    predictions: [],
  });
});

test.serial('labels that would turn the text around them are written out', async (t) => {
  const { page, site, server } = t.context;
  const labels = ['apple\u202eelppa', 'fig\ngif', ...metadata.labels.slice(2)];
  await writeFile(
    join(site.folder, 'turning.onnx'),
    encodeModel(seededClassifier({ metadata: { ...metadata, labels } })),
  );
  await page.goto(server.url);
  await page.locator('ort-classifier').evaluate((element) => element.setAttribute('model', 'turning.onnx'));
  await waitForStatus(page, /^Ready/);
  const note = page.locator('ort-classifier').locator('.note').filter({ hasText: 'elppa' });
  t.true((await note.textContent())?.startsWith('apple\\u202eelppa · fig\\ngif · '));
  t.true((await page.locator('#facts').textContent())?.includes('apple\\u202eelppa'));
  await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
  await waitForStatus(page, /^Most likely /);
  const { predictions } = await seen(page);
  t.is(predictions.filter((line) => /^(apple\\u202eelppa|fig\\ngif) [\d.]+%$/.test(line)).length, 2);
});

test.serial('the page does not freeze while a large picture is read', async (t) => {
  const { page, server } = t.context;
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  const large = await file('large.png', picture('#446688', 6000, 4000));
  // A page that reads the picture itself draws a frame when it begins, and one with the answer.
  const frames = page.locator('ort-classifier').evaluate(
    (element) =>
      new Promise<number>((resolve) => {
        let [count, drawing] = [0, false];
        const draw = () => {
          if (element.ariaBusy === 'true') count++;
          if (drawing) requestAnimationFrame(draw);
        };
        element.addEventListener('prediction', () => {
          drawing = false;
          resolve(count);
        });
        drawing = true;
        draw();
      }),
  );
  await page.locator('input[type=file]').setInputFiles(large);
  t.log(`${await frames} frames`);
  t.true((await frames) >= 10, `${await frames} frames`);
});

test.serial('it fits a phone, in light and dark', async (t) => {
  const { page, server } = t.context;
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(server.url);
  await waitForStatus(page, /^Ready/);
  await page.locator('input[type=file]').setInputFiles(await file('red.png', picture('#c03020')));
  await waitForStatus(page, /^Most likely /);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  t.is(width, 360);
  const colours = async (colorScheme: 'light' | 'dark') => {
    await page.emulateMedia({ colorScheme });
    return page.evaluate(() => [
      getComputedStyle(document.body).color,
      getComputedStyle(document.querySelector('ort-classifier')!).color,
    ]);
  };
  t.deepEqual(await colours('light'), ['rgb(26, 29, 41)', 'rgb(26, 29, 41)']);
  t.deepEqual(await colours('dark'), ['rgb(236, 238, 246)', 'rgb(236, 238, 246)']);
});
