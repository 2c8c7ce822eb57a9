import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { type FeatureExtractor, loadBackbone } from '../../src/classifier/backbone.js';
import { buildClassifier } from '../../src/classifier/build.js';
import { readMetadata } from '../../src/classifier/metadata.js';
import { exportClassifier } from '../../src/classifier/write-classifier.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import type { Preprocessing } from '../../src/graph/preprocessing.js';
import { float32 } from '../../src/graph/tensor.js';
import { Variable } from '../../src/keras/variable.js';
import { openOnnxBackbone } from '../../src/transfer/backbone-onnx/backbone-onnx.js';
import type { Classification, Prediction } from '../../src/web/classifier.js';
import type { ClassifierElement } from '../../src/web/element/classifier-element.js';
import { buildWeb } from '../../tools/build-web.js';
import { assertClose } from '../compare.js';
import { seededNumbers } from '../export/seeded-classifier.js';
import { readTwentyFaces } from '../faces/pictures.js';
import { onnxFile } from '../transfer/onnx-files.js';
import { buildTestSite, launchChromium, pageMemory, seen, sharedBrowser, waitForStatus } from './browser.js';
import { drawPictures, type Picture, readSharedPictures } from './pictures.js';
import { serveFolder } from './static-server.js';

interface State {
  browser: Browser;
}
const test = anyTest as TestFn<State>;

/** A model in a page, and as a file for the command line. */
interface Pair {
  readonly page: Page;
  readonly folder: string;
  readonly model: string;
}

const command = fileURLToPath(new URL('../../src/cli/ort-predict.js', import.meta.url));

const labels = ['one', 'two', 'three', 'four', 'five', 'six'];

/** A feature extractor under a dense layer that nobody trained, with weights up to `steepness`. */
function classifierOn(
  backbone: FeatureExtractor,
  { crop, steepness }: { crop: Preprocessing['crop']; steepness: number },
): Uint8Array {
  const { scaling, size, info, licences, features, opset, write } = backbone;
  const preprocessing = { ...scaling, size, crop, exif: true };
  const values = seededNumbers(features * labels.length, 5, steepness);
  const kernel = new Variable('kernel', [features, labels.length], values);
  const model = buildClassifier({
    metadata: { labels, preprocessing, backbone: info, licences },
    backbone: write,
    opset,
    head: (g, embedding) =>
      g.op('Softmax', [g.op('MatMul', [embedding, inferenceContext(g).weight(kernel)])], { axis: 1 }),
  });
  return encodeModel(model);
}

/** MobileNet with its embedded weights. */
const mobileNetClassifier = async (crop: Preprocessing['crop']): Promise<Uint8Array> =>
  classifierOn(await loadBackbone({ weights: 'vggface2' }), { crop, steepness: 0.4 });

/** MobileNet at its smallest, with random weights. */
const smallClassifier = async (): Promise<Uint8Array> =>
  classifierOn(await loadBackbone({ weights: null, alpha: 0.25, size: 128 }), { crop: 'none', steepness: 8 });

/** Somebody's network, in half precision, which takes one picture at a time. */
async function foreignClassifier(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-web-'));
  const path = join(folder, 'net.onnx');
  await writeFile(path, onnxFile({ batch: 1, layout: 'nhwc', output: 'classes', half: true, opset: 11 }));
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const backbone = await openOnnxBackbone(path, { engine, inputScaling: 'torch' }, { info: () => {} });
  await rm(folder, { recursive: true });
  return classifierOn(backbone, { crop: 'none', steepness: 8 });
}

test.before(async (t) => {
  t.context.browser = await sharedBrowser();
});

test.after.always(async ({ context }) => {
  await context.browser?.close();
});

/** Runs `action` with a model in a page. */
async function withModel(
  browser: Browser,
  bytes: Uint8Array,
  action: (pair: Pair) => Promise<void>,
): Promise<void> {
  const { folder, remove } = await buildTestSite(bytes);
  const model = join(folder, 'model.onnx');
  // This brings the detector of faces, too.
  if (readMetadata(bytes).preprocessing.crop === 'face') await buildWeb({ model, out: folder });
  const server = await serveFolder(folder);
  const page = await browser.newPage();
  try {
    await page.goto(server.url);
    await waitForStatus(page, /^Ready/);
    await action({ page, folder, model });
  } finally {
    await page.close();
    await server.close();
    await remove();
  }
}

/** Runs `ort-predict` on a folder. @returns each picture's classes by its path */
async function predictOnCommandLine(model: string, pictures: string): Promise<Map<string, Prediction[]>> {
  const options = ['--model', model, '--json', '--top', String(labels.length), '--provider', 'cpu'];
  const { stdout } = await promisify(execFile)(process.execPath, [command, pictures, ...options], {
    maxBuffer: 2 ** 26,
  });
  const entries = JSON.parse(stdout) as { file: string; predictions: Prediction[] }[];
  return new Map(entries.map(({ file, predictions }) => [file, predictions]));
}

const classifyInPage = ({ page }: Pair, name: string): Promise<Classification> =>
  page.locator('ort-classifier').evaluate(async (element, name) => {
    const picture = await (await fetch(name)).blob();
    return (element as ClassifierElement).classify(picture);
  }, name);

test.serial('page and command line tell the same strangers, equally familiar', async (t) => {
  const { features, ...backbone } = await loadBackbone({ weights: null, alpha: 0.25, size: 128 });
  const pictures = (await drawPictures()).slice(0, 6);
  const prototypes = float32(seededNumbers(features * 3, 8).map(Math.abs), [features, 3]);
  const head = { dense: null, logPrior: null, logistic: logisticHead(features) };
  const exportWith = (threshold: number) =>
    exportClassifier({
      head,
      preparation: {
        backbone,
        preprocessing: { ...backbone.scaling, size: backbone.size, crop: 'none', exif: true },
      },
      labels,
      evaluation: null,
      strangers: { prototypes, rule: { mode: 'far', threshold, reject: 0.05, quantiles: [0, 1] } },
    });
  for (const [threshold, known] of [
    [-1, true],
    [1000, false],
  ] as const)
    await withModel(t.context.browser, await exportWith(threshold), async (pair) => {
      const folder = await mkdtemp(join(pair.folder, 'pictures-'));
      for (const [name, bytes] of pictures) await writeFile(join(folder, name), bytes);
      const { stdout } = await promisify(execFile)(process.execPath, [
        ...[command, folder, '--model', pair.model, '--json', '--provider', 'cpu'],
      ]);
      const told = JSON.parse(stdout) as { file: string; known: boolean; familiarity: number }[];
      t.is(told.length, pictures.length);
      for (const { file, ...verdict } of told) {
        const { stranger } = await classifyInPage(pair, `${basename(folder)}/${basename(file)}`);
        t.is(stranger?.known, known);
        t.is(verdict.known, known);
        const inPage = [stranger?.familiarity ?? Number.NaN];
        assertClose(t, inPage, [verdict.familiarity], { label: file, relative: 0, absolute: 1e-5 });
      }
      const { status, predictions } = await seen(pair.page);
      t.regex(status, known ? /^Most likely / : /^Unknown\. Nearest is /);
      t.is(predictions[0] === 'Unknown', !known, predictions.join());
      const note = await pair.page.locator('ort-classifier').locator('.note').textContent();
      t.is(note, known ? '' : 'This is unlike what the model has learned: the classes are only the nearest.');
    });
});

/** Logistic regression that nobody fitted. */
const logisticHead = (features: number) => ({
  kernel: float32(seededNumbers(features * labels.length, 5, 0.4), [features, labels.length]),
  bias: float32(new Float32Array(labels.length), [labels.length]),
});

async function compare(
  t: ExecutionContext<State>,
  pair: Pair,
  pictures: readonly Picture[],
): Promise<Classification[]> {
  const folder = await mkdtemp(join(pair.folder, 'pictures-'));
  for (const [name, bytes] of pictures) await writeFile(join(folder, name), bytes);
  const onCommandLine = await predictOnCommandLine(pair.model, folder);
  t.is(onCommandLine.size, pictures.length);
  const answers: Classification[] = [];
  let largest = 0;
  for (const [name] of pictures) {
    const answer = await classifyInPage(pair, `${basename(folder)}/${name}`);
    const [inPage, expected] = [answer.predictions, onCommandLine.get(join(folder, name))!].map(
      (predictions) =>
        labels.map((label) => predictions.find((prediction) => prediction.label === label)!.probability),
    ) as [number[], number[]];
    // Convolutions add in another order in WebAssembly than on the CPU.
    assertClose(t, inPage, expected, { label: name, relative: 0, absolute: 1e-4 });
    largest = Math.max(largest, ...expected.map((p, k) => Math.abs(p - inPage[k]!)));
    answers.push(answer);
  }
  t.log(`${pictures.length} pictures, largest difference ${largest.toExponential(1)}`);
  const best = new Set(answers.map(({ predictions }) => predictions[0]!.label));
  t.true(best.size > 1, 'the model tells the pictures apart');
  return answers;
}

test.serial('page and command line give the same probabilities', async (t) =>
  withModel(t.context.browser, await mobileNetClassifier('none'), async (pair) => {
    const answers = await compare(t, pair, await drawPictures());
    t.true(answers.every(({ faces }) => faces === undefined));
    const shared = readSharedPictures().filter(([name]) => name !== 'ok.tiff');
    if (shared.length === 0) t.log('../shared is not here, so its pictures are not compared');
    else await compare(t, pair, shared);
  }),
);

test.serial('… where the model looks at the middle', async (t) =>
  withModel(t.context.browser, await mobileNetClassifier('center'), async (pair) => {
    await compare(t, pair, (await drawPictures()).slice(0, 6));
  }),
);

test.serial("… where the model is trained on somebody's ONNX network", async (t) =>
  withModel(t.context.browser, await foreignClassifier(), async (pair) => {
    await compare(t, pair, (await drawPictures()).slice(0, 8));
  }),
);

test.serial('… where the model looks at faces, and at whole pictures that have none', async (t) =>
  withModel(t.context.browser, await mobileNetClassifier('face'), async (pair) => {
    const faces = await readFaces();
    const answers = await compare(t, pair, [...faces, ...(await drawPictures()).slice(0, 3)]);
    t.deepEqual(
      answers.map((answer) => answer.faces!.length > 0),
      answers.map((_, i) => i < faces.length),
    );
    await waitForStatus(pair.page, /^No face\. Nearest is .*%\.$/);
    const note = pair.page.locator('ort-classifier').locator('.note');
    t.is(
      await note.textContent(),
      'No face found: the whole picture was looked at, so this may well be wrong.',
    );
  }),
);

/** Ten faces of the table that test/faces uses, as PNG files. */
async function readFaces(): Promise<Picture[]> {
  const images = (await readTwentyFaces()).slice(0, 10);
  return Promise.all(
    images.map(async ({ data, width, height }, i) => {
      const png = await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer();
      return [`face-${i}.png`, png] as const;
    }),
  );
}

test.serial('memory stays flat over two hundred pictures', async (t) => {
  // A browser of its own: memory is measured by process.
  const browser = await launchChromium();
  t.teardown(() => browser.close());
  await withModel(browser, await smallClassifier(), async (pair) => {
    const pictures = (await drawPictures()).filter(([name]) => ['photo.jpg', 'alpha.png'].includes(name));
    const complaints: string[] = [];
    pair.page.on('console', (message) => complaints.push(message.text()));
    const classify = async (count: number) => {
      for (let i = 0; i < count; i++) await classifyInPage(pair, pictures[i % 2]![0]);
      return pageMemory(browser);
    };
    for (const [name, bytes] of pictures) await writeFile(join(pair.folder, name), bytes);
    // It takes some 150 pictures until the garbage collector has found its rhythm; from then on it wavers by 30 MiB.
    const before = await classify(160);
    const after = await classify(200);
    t.log(`${before} MiB before, ${after} MiB after`);
    t.true(after < before + 60, `${before} MiB before, ${after} MiB after`);
    t.deepEqual(complaints, []);
  });
});
