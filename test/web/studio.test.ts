/** The studio, used as a person would. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { unzipSync, zipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { readMetadata } from '../../src/classifier/metadata.js';
import { withReject } from '../../src/classifier/strangers.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { float32 } from '../../src/graph/tensor.js';
import { vggface2 } from '../../src/keras/applications/index.js';
import { decodeKerasModel } from '../../src/keras/saving/index.js';
import { FileClassifier } from '../../src/transfer/predict/load-classifier.js';
import { trainClassifier } from '../../src/transfer/train/train.js';
import type { ClassifierElement } from '../../src/web/element/classifier-element.js';
import { buildStudio } from '../../tools/build-studio.js';
import { assertClose } from '../compare.js';
import { readTwentyFaces } from '../faces/pictures.js';
import { redFile, seen, sharedBrowser, waitForOfflineCopy, waitForStatus } from './browser.js';
import { type ServeOptions, type StaticServer, serveFolder } from './static-server.js';

const test = anyTest as TestFn<{ browser: Browser; folder: string; faces: File[]; stripes: File[] }>;

/** A file to choose. */
interface File {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A visit: a page of its own, and what the browser's console said. */
interface Visit {
  readonly page: Page;
  readonly server: StaticServer;
  readonly complaints: readonly string[];
}

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-studio-'));
  await buildStudio({ out: folder });
  const faces = (await readTwentyFaces()).slice(0, 8).map(async ({ data, width, height }, i) => ({
    name: `face-${i}.png`,
    mimeType: 'image/png',
    buffer: await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
  }));
  t.context = {
    browser: await sharedBrowser(),
    folder,
    faces: await Promise.all(faces),
    stripes: await Promise.all(Array.from({ length: 8 }, (_, i) => drawStripes(i))),
  };
});

test.after.always(async ({ context }) => {
  await context.browser?.close();
  if (context.folder) await rm(context.folder, { recursive: true, force: true });
});

/** Stripes of two colours, 224 × 224, which the model sees as they are. */
async function drawStripes(index: number): Promise<File> {
  const data = Buffer.alloc(224 * 224 * 3);
  for (let y = 0, at = 0; y < 224; y++)
    for (let x = 0; x < 224; x++)
      for (let c = 0; c < 3; c++, at++)
        data[at] = (x + index * y) % (16 + 3 * index) < 8 + index ? 40 + 50 * c : 220 - 20 * index;
  const buffer = await sharp(data, { raw: { width: 224, height: 224, channels: 3 } })
    .png()
    .toBuffer();
  return { name: `stripes-${index}.png`, mimeType: 'image/png', buffer };
}

async function visit(
  t: ExecutionContext<{ browser: Browser; folder: string }>,
  action: (visit: Visit) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const server = await serveFolder(t.context.folder, options);
  const context = await t.context.browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => void dialog.accept());
  try {
    await page.goto(server.url);
    // It looks first for what an earlier visit left.
    await page.locator('body[data-restored]').waitFor();
    await action({ page, server, complaints });
  } finally {
    await context.close();
    await server.close();
  }
}

const card = (page: Page, index: number) => page.locator('.card').nth(index);
const status = (page: Page, text: RegExp) => page.locator('#status').filter({ hasText: text });
const message = (page: Page, text: RegExp) => page.locator('.notice p').filter({ hasText: text });

async function addPictures(page: Page, index: number, name: string, files: readonly File[]): Promise<void> {
  await card(page, index).getByLabel('Name of the class').fill(name);
  await card(page, index)
    .locator('input[type=file]')
    .setInputFiles([...files]);
}

async function dropPictures(page: Page, selector: string, files: readonly File[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (files) => {
      const data = new DataTransfer();
      for (const { name, base64 } of files)
        data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      return data;
    },
    files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') })),
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.locator(selector).dispatchEvent(type, { dataTransfer: transfer });
}

async function train(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await status(page, /^Trained in/).waitFor({ timeout: 120_000 });
}

async function downloadFrom(page: Page, button: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button }).click(),
  ]);
  // Where the browser put it is known to its own process alone.
  return buffer(await download.createReadStream());
}

/** What the model in the page says of a picture, in the order of the classes. */
const askPage = (page: Page, { buffer }: File, labels: readonly string[]): Promise<number[]> =>
  page.locator('ort-classifier').evaluate(
    async (element, { base64, labels }) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const { predictions } = await (element as ClassifierElement).classify(new Blob([bytes]));
      return labels.map((label) => predictions.find((p) => p.label === label)!.probability);
    },
    { base64: buffer.toString('base64'), labels },
  );

test.serial('pictures are chosen and dropped, a model is trained, tried and taken along', async (t) => {
  const { faces, stripes, folder } = t.context;
  await visit(t, async ({ page, server, complaints }) => {
    await addPictures(page, 0, 'Faces', faces.slice(0, 6));
    await card(page, 1).getByLabel('Name of the class').fill('Stripes');
    await dropPictures(page, '.card:nth-of-type(2)', stripes.slice(0, 6));
    t.is(await card(page, 1).locator('.count').textContent(), '6 pictures');
    await train(page);
    t.regex(
      (await page.locator('#status').textContent())!,
      /^Trained in [\d.]+ seconds\. Of 10 pictures it has not seen, about 9 are right\. With 12 pictures to check on that is rough/,
    );
    t.true(await page.locator('#charts').isHidden(), 'so few pictures have a head without epochs');

    const show = (file: File) => page.locator('ort-classifier input[type=file]').setInputFiles(file);
    await show(faces[5]!);
    await waitForStatus(page, /^Most likely Faces, /);
    await show(stripes[7]!);
    await waitForStatus(page, /^No face\. Nearest is Stripes, /);
    t.regex((await seen(page)).predictions.join(), /^No face,Stripes /);

    const model = await downloadFrom(page, 'Download model.onnx');
    const path = join(folder, 'downloaded.onnx');
    await writeFile(path, model);
    const classifier = await FileClassifier.load(path, await ortNode({ provider: 'cpu' }));
    const { labels } = classifier.metadata;
    t.deepEqual(labels, ['Faces', 'Stripes']);
    t.is(classifier.metadata.metrics?.samples, 12);
    await assertAsInNode(t, model, folder);
    for (const file of [faces[6]!, faces[7]!, stripes[6]!, stripes[7]!]) {
      const { results } = await classifier.classify(file.buffer);
      // Convolutions add in another order in WebAssembly than on the CPU.
      const expected = results[0]!.probabilities;
      assertClose(t, await askPage(page, file, labels), expected, {
        label: file.name,
        relative: 0,
        absolute: 1e-4,
      });
    }
    await classifier.release();

    const keras = await decodeKerasModel(await downloadFrom(page, 'Download model.keras'));
    const levels = await sharp(stripes[7]!.buffer).raw().toBuffer();
    const inputs = float32(vggface2.preprocessInput(levels), [1, 224, 224, 3]);
    assertClose(
      t,
      (await keras.predict(inputs, { verbose: 0 })).data,
      await askPage(page, stripes[7]!, labels),
      { label: 'model.keras', relative: 0, absolute: 1e-4 },
    );

    t.deepEqual(complaints, []);
    t.true(
      server.requests.every((request) => !request.startsWith('/')),
      'nothing outside the folder',
    );
  });
});

/** Compares a model of the page with the one that Node trains on the same pictures. */
async function assertAsInNode(
  t: ExecutionContext<{ folder: string; faces: File[]; stripes: File[] }>,
  model: Buffer,
  room: string,
): Promise<void> {
  const { faces, stripes } = t.context;
  const [train, out, cache] = ['train', 'trained', 'cache'].map((name) => join(room, name)) as [
    string,
    string,
    string,
  ];
  for (const [name, files] of Object.entries({ Faces: faces, Stripes: stripes })) {
    await mkdir(join(train, name), { recursive: true });
    for (const file of files.slice(0, 6)) await writeFile(join(train, name, file.name), file.buffer);
  }
  const engine = await ortNode({ provider: 'cpu' });
  const reporter = { info: () => {}, warn: () => {}, progress: () => {}, print: () => {} };
  await trainClassifier({ train, out, cache, engine, views: 2, epochs: 10, crop: 'face' }, reporter);
  const node = await FileClassifier.load(join(out, 'model.onnx'), engine);
  await writeFile(join(room, 'of-page.onnx'), model);
  const mine = await FileClassifier.load(join(room, 'of-page.onnx'), engine);
  t.deepEqual(mine.metadata.metrics!.accuracy, node.metadata.metrics!.accuracy);
  // Convolutions add in another order in WebAssembly than on the CPU.
  const tolerance = { relative: 0, absolute: 1e-4 };
  const [rule, expected] = [mine.metadata.strangers!, node.metadata.strangers!];
  assertClose(t, rule.quantiles, expected.quantiles, { label: 'quantiles of familiarity', ...tolerance });
  for (const file of [faces[6]!, faces[7]!, stripes[6]!, stripes[7]!, redFile]) {
    const [page, other] = await Promise.all([mine, node].map((each) => each.classify(file.buffer)));
    const [a, b] = [page!.results[0]!, other!.results[0]!];
    assertClose(t, a.probabilities, b.probabilities, { label: file.name, ...tolerance });
    t.is(a.stranger!.known, b.stranger!.known);
    assertClose(t, [a.stranger!.familiarity], [b.stranger!.familiarity], { label: file.name, ...tolerance });
  }
  await Promise.all([mine, node].map((each) => each.release()));
}

test.serial('pictures that were saved open again, and train the same model', async (t) => {
  const { faces, stripes } = t.context;
  const models: Buffer[] = [];
  let zip: Buffer | undefined;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Gesichter/Köpfe', faces.slice(0, 4));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 4));
    await page.locator('#settings-details summary').click();
    await page.getByLabel('Epochs').fill('3');
    await train(page);
    models.push(await downloadFrom(page, 'Download model.onnx'));
    zip = await downloadFrom(page, 'Save to a file');
  });
  const files = unzipSync(zip!);
  t.deepEqual(Object.keys(files).slice(0, 2), ['manifest.json', 'pictures/Gesichter_Köpfe/face-0.png']);
  t.deepEqual(Buffer.from(files['pictures/Stripes/stripes-3.png']!), stripes[3]!.buffer);

  await visit(t, async ({ page }) => {
    await page.locator('#open').setInputFiles({ name: 'my.zip', mimeType: 'application/zip', buffer: zip! });
    await card(page, 1).locator('.count').filter({ hasText: '4 pictures' }).waitFor();
    t.is(await card(page, 0).getByLabel('Name of the class').inputValue(), 'Gesichter/Köpfe');
    t.is(await page.locator('input[name=epochs]').inputValue(), '3');
    await train(page);
    models.push(await downloadFrom(page, 'Download model.onnx'));
  });
  t.true(models[0]!.equals(models[1]!));
});

/** Waits until all that was done is written. */
const kept = (page: Page) => page.locator('#kept').filter({ hasText: /^Kept in this browser/ });

test.serial('a reload goes on where it was, with pictures, classes, settings and the model', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page, complaints }) => {
    await addPictures(page, 0, 'Faces', faces.slice(0, 5));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 5));
    await page.locator('#settings-details summary').click();
    await page.getByLabel('Epochs').fill('3');
    await page.getByLabel('Kind of model').selectOption('dense layers');
    await train(page);
    const said = (await page.locator('#status').textContent())!;
    const outcome = said.replace(/^Trained in (?:[\d.]+ seconds|\d+ min \d+ s)\. /, '');
    t.not(outcome, said);
    const expected = await askPage(page, stripes[6]!, ['Faces', 'Stripes']);
    const confusion = await page.locator('#confusion').innerText();
    const keras = await downloadFrom(page, 'Download model.keras');
    await page.getByRole('button', { name: '+ Add a class' }).click();
    await card(page, 2).getByLabel('Name of the class').fill('Later');
    await kept(page).waitFor();
    await waitUntilKept(page);

    await page.reload();
    await status(page, /^This model was trained in an earlier visit\. /).waitFor();
    t.is(
      await page.locator('#status').textContent(),
      `This model was trained in an earlier visit. ${outcome}`,
    );
    const names = page.getByLabel('Name of the class');
    t.deepEqual(
      await names.evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value)),
      ['Faces', 'Stripes', 'Later'],
    );
    t.deepEqual(await page.locator('.count[role=status]').allTextContents(), [
      '5 pictures',
      '5 pictures',
      '0 pictures',
    ]);
    t.is(await page.locator('.thumb img:visible').count(), 10);
    t.is(await page.locator('input[name=epochs]').inputValue(), '3');
    t.is(await page.locator('select[name=head]').inputValue(), 'article');
    t.deepEqual(await askPage(page, stripes[6]!, ['Faces', 'Stripes']), expected);
    t.is(await page.locator('#confusion').innerText(), confusion);
    // The dates in the file differ.
    const again = await decodeKerasModel(await downloadFrom(page, 'Download model.keras'));
    const before = await decodeKerasModel(keras);
    t.deepEqual(again.getWeights(), before.getWeights());
    t.is(await page.locator('.stale:visible').count(), 0);

    // Pictures of the earlier visit are trained on with those of this one.
    await card(page, 2).getByRole('button', { name: 'Remove the class Later' }).click();
    await addPictures(page, 1, 'Stripes', [stripes[5]!]);
    await train(page);
    t.regex(await page.locator('#per-class').innerText(), /of 6 pictures/);
    t.deepEqual(complaints, []);
  });
});

test.serial('a reload in the middle of everything loses nothing', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    const count = (index: number, text: string) =>
      card(page, index).locator('.count').filter({ hasText: text }).waitFor();
    // While the page is opening.
    await page.reload();
    await addPictures(page, 0, 'Faces', faces.slice(0, 4));
    await kept(page).waitFor();
    // While pictures are looked at.
    await page.reload();
    await count(0, '4 pictures');
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 4));
    await page.locator('#settings-details summary').click();
    await page.getByLabel('Epochs').fill('500');
    await page.getByLabel('Kind of model').selectOption('dense layers');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await status(page, /^Finding out how good it gets/).waitFor();
    await waitUntilKept(page);
    // While it trains.
    await page.reload();
    await count(1, '4 pictures');
    t.true(await page.getByRole('button', { name: 'Train', exact: true }).isVisible());
    t.true(await page.locator('#result').isHidden());
    await page.locator('#settings-details summary').click();
    t.is(await page.getByLabel('Epochs').inputValue(), '500');
    await page.getByLabel('Epochs').fill('2');
    await train(page);
  });
});

/** Waits until the settings and the number of pictures in the browser's storage are those of the page. */
async function waitUntilKept(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const result = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const isKept = async () => {
      const database = await result(indexedDB.open('ort-transfer-studio'));
      const project = database.transaction('project').objectStore('project');
      const outline = await result(project.get('outline'));
      const model = await result(project.get('model'));
      database.close();
      const inputs = [...document.querySelectorAll<HTMLInputElement>('.card .name')];
      return (
        JSON.stringify(outline?.classes.map(({ name }: { name: string }) => name)) ===
          JSON.stringify(inputs.map(({ value }) => value)) &&
        outline.classes.flatMap(({ pictures }: { pictures: string[] }) => pictures).length ===
          document.querySelectorAll('.thumb').length &&
        outline.settings.epochs ===
          Number(document.querySelector<HTMLInputElement>('[name=epochs]')!.value) &&
        (model !== undefined) === !document.querySelector<HTMLElement>('#result')!.hidden
      );
    };
    while (!(await isKept())) await new Promise(requestAnimationFrame);
  });
}

test.serial('to forget everything leaves nothing, in the page and in the browser', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Faces', faces.slice(0, 3));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 3));
    await train(page);
    await waitUntilKept(page);
    await page.getByRole('button', { name: 'Forget everything' }).click();
    const assertEmpty = async () => {
      await page.locator('.card').nth(1).waitFor();
      t.is(await page.locator('.thumb').count(), 0);
      t.true(await page.locator('#result').isHidden());
      t.true(await page.locator('#report').isHidden());
      t.is(await page.locator('#status').textContent(), '');
      t.is(await page.locator('input[name=epochs]').inputValue(), '10');
    };
    await page
      .locator('#kept')
      .filter({ hasText: /^Whatever you do here is kept in this browser/ })
      .waitFor();
    await assertEmpty();
    await waitUntilKept(page);
    await page.reload();
    await assertEmpty();
    t.is(
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            indexedDB.open('ort-transfer-studio').onsuccess = ({ target }) => {
              const pictures = (target as IDBOpenDBRequest).result
                .transaction('pictures')
                .objectStore('pictures');
              pictures.count().onsuccess = (event) => resolve((event.target as IDBRequest).result);
            };
          }),
      ),
      0,
    );
  });
});

test.serial('a second tab says that it keeps nothing, and takes over once the first is gone', async (t) => {
  await visit(t, async ({ page, server }) => {
    await addPictures(page, 0, 'Stripes', t.context.stripes.slice(0, 2));
    await waitUntilKept(page);
    const second = await page.context().newPage();
    await second.goto(server.url);
    await second
      .locator('#kept')
      .filter({ hasText: /^This page is open in another tab, too/ })
      .waitFor();
    t.is(await second.locator('.thumb').count(), 0);
    await page.close();
    await second.reload();
    await second.locator('.thumb').nth(1).waitFor();
    t.is(await second.locator('.card .name').first().inputValue(), 'Stripes');
  });
});

test.serial('it is told once when nothing more is kept', async (t) => {
  const { stripes } = t.context;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Stripes', stripes.slice(0, 1));
    await waitUntilKept(page);
    // As browsers do where visitors clear what pages keep.
    await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase('ort-transfer-studio');
          request.onsuccess = resolve;
          request.onerror = reject;
        }),
    );
    await addPictures(page, 1, 'More', stripes.slice(1, 2));
    await message(
      page,
      /^What is new could not be kept in this browser: .*[^.]\. Save to a file before you leave\.$/,
    ).waitFor();
    await page
      .locator('#kept')
      .filter({ hasText: /^What is new is not kept in this browser\. Save to a file before you leave\.$/ })
      .waitFor();
    await card(page, 1).locator('.thumb').click();
    await page.locator('#undo').waitFor();
    t.is(await page.locator('.notice').count(), 1);
  });
});

test.serial('removed pictures and classes come back, at their places', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Faces', faces.slice(0, 3));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 3));
    await page.waitForFunction(() => document.querySelectorAll('.thumbs .waiting').length === 0);
    const titles = () =>
      page.locator('.thumb').evaluateAll((all) => all.map((thumb) => thumb.getAttribute('title')));
    const before = await titles();
    const bar = page.locator('#undo');
    await card(page, 0).locator('.thumb').nth(1).click();
    t.is(await bar.locator('#undo-text').textContent(), 'Removed “face-1.png”.');
    await card(page, 0).getByRole('button', { name: 'Remove the class Faces' }).click();
    t.is(await page.locator('.card').count(), 1);
    t.is(await bar.locator('#undo-text').textContent(), 'Removed the class “Faces” with 2 pictures.');
    await bar.getByRole('button', { name: 'Undo' }).click();
    t.is(await card(page, 0).getByLabel('Name of the class').inputValue(), 'Faces');
    t.is(await bar.locator('#undo-text').textContent(), 'Removed “face-1.png”.');
    // In a text, the keys are the browser's own.
    await page.keyboard.press('Control+z');
    t.is(await page.locator('.thumb').count(), 5);
    await page.getByRole('button', { name: 'Train', exact: true }).focus();
    await page.keyboard.press('Control+z');
    t.deepEqual(await titles(), before);
    t.true(await bar.isHidden());
    await train(page);
    t.regex(await page.locator('#per-class').innerText(), /of 3 pictures/);
  });
});

test.serial('an example is there in one click, from where the page shows what to do', async (t) => {
  await visit(t, async ({ page }) => {
    t.regex(await page.locator('#welcome').innerText(), /Collect\..*Train\..*Try\./s);
    await page.getByRole('button', { name: 'Try it with an example' }).click();
    await status(page, /^Trained in/).waitFor({ timeout: 120_000 });
    t.true(await page.locator('#welcome').isHidden());
    t.deepEqual(await page.locator('.count[role=status]').allTextContents(), [
      '8 pictures',
      '8 pictures',
      '8 pictures',
    ]);
    t.deepEqual(await page.locator('#advice li').allTextContents(), []);
    t.is(await page.locator('.notice').count(), 0);
  });
});

test.serial('folders become classes, and zip files are unpacked where they are dropped', async (t) => {
  const { stripes, folder } = t.context;
  const pets = join(folder, 'pets');
  for (const [name, files] of Object.entries({ Cats: stripes.slice(0, 2), Dogs: stripes.slice(2, 5) })) {
    await mkdir(join(pets, name), { recursive: true });
    for (const file of files) await writeFile(join(pets, name, file.name), file.buffer);
  }
  await visit(t, async ({ page }) => {
    const classes = () =>
      page
        .locator('.card')
        .evaluateAll((all) =>
          all.map((card) => [card.querySelector('input')!.value, card.querySelector('.count')!.textContent]),
        );
    await card(page, 1).getByLabel('Name of the class').fill('Dogs');
    await page.locator('#folder').setInputFiles(pets);
    await card(page, 1).locator('.count').filter({ hasText: '3 pictures' }).waitFor();
    t.deepEqual((await classes()).toSorted(), [
      ['Cats', '2 pictures'],
      ['Dogs', '3 pictures'],
    ]);
    const zip = Buffer.from(zipSync({ 'a/x.png': stripes[5]!.buffer, 'b/y.png': stripes[6]!.buffer }));
    await dropPictures(page, '.card:nth-of-type(2)', [{ name: 'more.zip', mimeType: '', buffer: zip }]);
    await card(page, 1).locator('.count').filter({ hasText: '5 pictures' }).waitFor();
    // A picture that is dropped beside the cards has no class.
    await dropPictures(page, 'h1', [stripes[7]!]);
    await message(page, /^Drop pictures on the class that they belong to\./).waitFor();
    // Folders in a zip file dropped there are classes in place of those that are here.
    await dropPictures(page, 'h1', [{ name: 'all.zip', mimeType: '', buffer: zip }]);
    await card(page, 0).locator('.count').filter({ hasText: '1 picture' }).waitFor();
    t.deepEqual(await classes(), [
      ['a', '1 picture'],
      ['b', '1 picture'],
    ]);
  });
});

test.serial('files that are no pictures are told in one note', async (t) => {
  const { stripes } = t.context;
  const broken = (name: string) => ({
    name,
    mimeType: 'image/png',
    buffer: Buffer.from('Dear sir or madam'),
  });
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Stripes', [
      broken('a.png'),
      stripes[0]!,
      broken('b.png'),
      broken('c.png'),
      broken('d.png'),
    ]);
    await message(page, /^4 of 5 files cannot be read as pictures, so they were left out\.$/).waitFor();
    t.deepEqual(await page.locator('.notice li').allTextContents(), [
      '“a.png”, “b.png”, “c.png” and 1 more: It is text.',
    ]);
    t.is(await page.locator('.notice').count(), 1);
    await page.getByRole('button', { name: 'Close this note' }).click();
    t.is(await page.locator('.notice').count(), 0);
  });
});

test.serial('what keeps it from training is told', async (t) => {
  const { stripes } = t.context;
  const broken = { name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('Dear sir or madam') };
  await visit(t, async ({ page }) => {
    const press = () => page.getByRole('button', { name: 'Train', exact: true }).click();
    t.is(
      await page.locator('#classes').ariaSnapshot(),
      [1, 2]
        .map(
          (n) => `- region "Class ${n}":
  - textbox "Name of the class": Class ${n}
  - status: 0 pictures
  - button "Remove the class Class ${n}": ×
  - paragraph: Drop pictures here
  - button "Add pictures"
  - text: Add pictures
  - button "Camera"`,
        )
        .concat(
          '- button "+ Add a class"',
          '- button "Add folders, a class each"',
          '- text: Add folders, a class each',
        )
        .join('\n'),
    );
    await press();
    await status(page, /^“Class 1” has no pictures yet\. Add some, or remove the class\.$/).waitFor();

    await addPictures(page, 0, 'Stripes', [stripes[0]!, broken]);
    await message(
      page,
      /^“letter\.png” cannot be read as a picture, so it was left out\. It is text\.$/,
    ).waitFor();
    t.is(await card(page, 0).locator('.count').textContent(), '1 picture');
    await press();
    await status(page, /^“Class 2” has no pictures yet/).waitFor();

    await addPictures(page, 1, 'Stripes', [stripes[1]!]);
    await press();
    await status(page, /^Two classes are called “Stripes”\. Rename one of them\.$/).waitFor();

    await card(page, 1).getByRole('button', { name: 'Remove the class Stripes' }).click();
    await press();
    await status(page, /^There must be at least two classes/).waitFor();
    t.true(await page.locator('#result').isHidden());

    await page.locator('#open').setInputFiles({ ...broken, name: 'my.zip' });
    await message(page, /^“my\.zip” cannot be opened\. Expected a zip file\./).waitFor();
    t.is(await page.locator('.card').count(), 1);
  });
});

test.serial('a class whose only picture turns out to be none is told, late as it is', async (t) => {
  const { stripes } = t.context;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Stripes', [stripes[0]!]);
    await addPictures(page, 1, 'Letters', [
      { name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('Dear sir or madam') },
    ]);
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await status(page, /^“Letters” has no pictures yet/).waitFor();
    t.true(await page.getByRole('button', { name: 'Train', exact: true }).isVisible());
  });
});

test.serial('the camera takes pictures, by pointer and by keyboard', async (t) => {
  await visit(t, async ({ page }) => {
    await page.context().grantPermissions(['camera']);
    const first = card(page, 0);
    await first.getByRole('button', { name: 'Camera' }).click();
    await first.getByRole('button', { name: 'Take a picture' }).click();
    await first.locator('.count').filter({ hasText: '1 picture' }).waitFor();
    await page.keyboard.press('Enter');
    await first.locator('.count').filter({ hasText: '2 pictures' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.thumbs .waiting').length === 0);
    await first.getByRole('button', { name: 'Done' }).click();
    t.is(await first.locator('video').count(), 0);
    await first.getByRole('button', { name: 'Remove camera-001.jpg' }).click();
    t.is(await first.locator('.count').textContent(), '1 picture');
  });
});

test.serial('a refused camera is told', async (t) => {
  await visit(t, async ({ page }) => {
    await card(page, 0).getByRole('button', { name: 'Camera' }).click();
    await message(page, /^The camera cannot be used\. It was not allowed\./).waitFor();
    t.true(await card(page, 0).getByRole('button', { name: 'Camera' }).isVisible());
  });
});

test.serial('training can be stopped, and what it learnt is kept', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    await addPictures(page, 0, 'Faces', faces.slice(0, 3));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 3));
    await page.locator('#settings-details summary').click();
    await page.getByLabel('Epochs').fill('500');
    await page.getByLabel('Kind of model').selectOption('dense layers');
    await page.getByLabel('Check by leaving pictures out').selectOption('no');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await status(page, /^Epoch \d+ of 500/).waitFor({ timeout: 120_000 });
    await page.getByRole('button', { name: 'Stop' }).click();
    await status(
      page,
      /^Trained in .*\. Stopped after \d+ of 500 epochs, so how good it is was not found out\.$/,
    ).waitFor();
    t.true(await page.getByRole('button', { name: 'Download model.onnx' }).isVisible());
    t.true(await page.locator('#report').isHidden());
    for (const chart of ['#loss', '#accuracy'])
      t.regex((await page.locator(chart).getAttribute('aria-label'))!, /^Training: from .* in \d+ epochs/);
  });
});

test.serial('training stops at once while there is no model', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
    await addPictures(page, 0, 'Faces', faces.slice(0, 3));
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 3));
    await press('Train');
    await press('Stop');
    await status(page, /^Stopped\. There is no model yet\.$/).waitFor();
    t.true(await page.locator('#result').isHidden());

    await page.locator('#settings-details summary').click();
    await page.getByLabel('Epochs').fill('500');
    await page.getByLabel('Kind of model').selectOption('dense layers');
    await press('Train');
    await status(page, /^Finding out how good it gets/).waitFor();
    await press('Stop');
    await status(page, /^Stopped\. There is no model yet\.$/).waitFor();
    t.true(await page.locator('#result').isHidden());
    // A training after that is not stopped by what was said before.
    await page.getByLabel('Epochs').fill('2');
    await train(page);
    await addPictures(page, 0, 'Faces', [faces[4]!]);
    await press('Train');
    await press('Stop');
    await status(page, /^Stopped\. The model is still the one from before\.$/).waitFor();
    t.true(await page.getByRole('button', { name: 'Download model.onnx' }).isVisible());
  });
});

test.serial('the report shows what was taken for what, with the pictures', async (t) => {
  const { faces, stripes } = t.context;
  await visit(t, async ({ page }) => {
    // Half of the stripes are said to be faces: nothing can learn that.
    await addPictures(page, 0, 'Faces', [...faces.slice(0, 4), ...stripes.slice(0, 2)]);
    await addPictures(page, 1, 'Stripes', stripes.slice(2, 8));
    await train(page);
    const report = page.locator('#report');
    t.regex(
      (await report.locator('#estimate').textContent())!,
      /^Of 10 pictures it has not seen, about \d are right\./,
    );
    const rows = await report.locator('#per-class li').allTextContents();
    t.regex(rows[0]!, /^Faces\d of 6 pictures$/);
    const numbers = await report.locator('#confusion button').allTextContents();
    t.is(
      numbers.reduce((sum, number) => sum + Number(number), 0),
      12,
      'every picture is in one cell',
    );
    const wrong = report.locator('#confusion .wrong button').first();
    const name = (await wrong.getAttribute('aria-label'))!;
    t.regex(name, /^\d pictures? of “(Faces|Stripes)”, (taken for|called) /);
    await wrong.click();
    const dialog = page.getByRole('dialog', { name });
    t.is(await dialog.locator('img').count(), Number(await wrong.textContent()));
    t.regex((await dialog.locator('li').first().textContent())!, /^is (Faces|Stripes), taken for /);
    t.true(
      await dialog
        .locator('img')
        .first()
        .evaluate((image: HTMLImageElement) => image.naturalWidth > 0),
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    t.is(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), name);

    // The slider makes strangers of more pictures, here and in the file.
    const slider = page.getByRole('slider', { name: 'How readily it says “unknown”' });
    t.is(await slider.inputValue(), '5');
    const before = readMetadata(await downloadFrom(page, 'Download model.onnx'));
    const show = (file: File) => page.locator('ort-classifier input[type=file]').setInputFiles(file);
    await show(faces[7]!);
    await waitForStatus(page, /^Most likely Faces, /);
    await slider.fill('50');
    t.is(
      await page.locator('#reject-words').textContent(),
      'It would say “unknown” to 6 of your 12 pictures, those least like the others:',
    );
    t.is(await page.locator('#turned-away img').count(), 6);
    t.is(
      (await report.locator('#confusion tbody td:last-child').allTextContents()).reduce(
        (sum, n) => sum + Number(n),
        0,
      ),
      6,
    );
    await status(page, /^Of 10 pictures it has not seen, about \d (is|are) right\./).waitFor();
    await waitForStatus(page, /^Ready/);
    t.deepEqual((await seen(page)).predictions, [], 'the answer of the model before is gone');
    await show(faces[7]!);
    await waitForStatus(page, /^Unknown\. Nearest is Faces, /);
    t.regex((await seen(page)).predictions.join(), /^Unknown,Faces /);
    const after = readMetadata(await downloadFrom(page, 'Download model.onnx'));
    t.deepEqual(after, { ...before, strangers: withReject(before.strangers!, 0.5) });

    // It says so wherever the model is used.
    t.is(await page.locator('.stale:visible').count(), 0);
    await card(page, 0).locator('.thumb').first().click();
    t.deepEqual(await page.locator('.stale:visible').allTextContents(), [
      'This model is older than your pictures: 1 picture was removed since it was trained. Train again to use them.',
      'This model is older than your pictures: 1 picture was removed since it was trained. Train again to use them.',
      'This model is older than your pictures: 1 picture was removed since it was trained. Train again to use them.',
    ]);
    await train(page);
    t.is(await page.locator('.stale:visible').count(), 0);
  });
});

test.serial('a missing part of the page is told', async (t) => {
  await visit(
    t,
    async ({ page }) => {
      await message(page, /^A part of this page could not be loaded\. Expected faceres\.bin at /).waitFor();
      t.pass();
    },
    { hide: ['models/faceres.bin'] },
  );
});

test.serial('it works under a strict policy, and again when the server has gone', async (t) => {
  const { stripes } = t.context;
  const policy =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob: data:";
  await visit(
    t,
    async ({ page, server, complaints }) => {
      await page.locator('body[data-state=ready]').waitFor();
      await waitForOfflineCopy(page);
      await page.context().setOffline(true);
      await server.close();
      await page.reload();
      await page.locator('body[data-state=ready]').waitFor();
      await addPictures(page, 0, 'Stripes', [stripes[0]!]);
      await addPictures(page, 1, 'More', [stripes[1]!, redFile]);
      await train(page);
      t.deepEqual(await page.locator('#advice li').allTextContents(), [
        'The classes have fewer than 5 pictures. It will learn more from 10 or 20 of each.',
        'No face was found in 3 of 3 pictures. This studio is made for faces, and will tell other things apart less well. For those it is built with --weights imagenet.',
        '“red.png”: there is one colour alone to see, or nearly, and so nothing to learn from.',
      ]);
      t.is((await askPage(page, stripes[0]!, ['Stripes', 'More'])).length, 2);
      const keras = await downloadFrom(page, 'Download model.keras');
      t.true(keras.length > 1e6);
      t.deepEqual(
        complaints.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED')),
        [],
      );
    },
    { headers: { 'content-security-policy': policy } },
  );
});

/** What axe finds. */
async function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  });
}

test.serial('axe finds nothing in any state, and nothing moves while the page opens', async (t) => {
  const { faces, stripes, folder } = t.context;
  const server = await serveFolder(folder);
  // The page's own policy would keep axe out.
  const context = await t.context.browser.newContext({
    viewport: { width: 390, height: 844 },
    bypassCSP: true,
  });
  const page = await context.newPage();
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  const check = async (state: string) => {
    await page.evaluate(await readFile(axe, 'utf8'));
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      t.deepEqual(await faultsOf(page), [], `${state}, ${colorScheme}`);
    }
  };
  try {
    const shift = () =>
      page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            new PerformanceObserver((list) =>
              resolve(
                list
                  .getEntries()
                  .reduce((sum, entry) => sum + (entry as unknown as { value: number }).value, 0),
              ),
            ).observe({ type: 'layout-shift', buffered: true });
            // Without a shift nothing is told: two frames after the page is there are soon enough for one.
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
          }),
      );
    await page.goto(server.url);
    await page.locator('body[data-state=ready]').waitFor();
    await card(page, 1).waitFor();
    t.is(await shift(), 0);
    t.is(await page.locator('[aria-current=step]').textContent(), '1 Pictures');
    await check('empty');
    const broken = { name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('Dear sir or madam') };
    await addPictures(page, 0, 'Faces', [...faces.slice(0, 3), stripes[0]!, broken]);
    await addPictures(page, 1, 'Stripes', stripes.slice(0, 4));
    await page.locator('.notice').waitFor();
    await page.locator('#advice li').first().waitFor();
    t.is(await page.locator('[aria-current=step]').textContent(), '2 Train');
    await check('pictures, advice and a note');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await status(page, /^Trained in/).waitFor({ timeout: 120_000 });
    t.is(await page.locator('[aria-current=step]').textContent(), '3 Try it');
    await check('trained');
    await page.locator('#confusion button').first().click();
    await check('pictures of a cell');
    await page.keyboard.press('Escape');
    await card(page, 0).locator('.thumb').first().click();
    t.is(await page.locator('[aria-current=step]').textContent(), '2 Train');
    await check('a model that is older than its pictures, and undo');
    await waitUntilKept(page);
    await page.reload();
    await page.locator('#report').waitFor();
    t.is(await shift(), 0, 'nor where an earlier visit is there again');
  } finally {
    await context.close();
    await server.close();
  }
});

test.serial('it fits a phone, in light and dark', async (t) => {
  await visit(t, async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await addPictures(page, 0, 'A class with quite a long name', t.context.stripes);
    t.is(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    const colours: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      colours.push(await page.evaluate(() => getComputedStyle(document.body).color));
    }
    t.deepEqual(colours, ['rgb(26, 29, 41)', 'rgb(236, 238, 246)']);
  });
});
