import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import sharp from 'sharp';
import { encodeModel } from '../../src/graph/onnx.js';
import {
  type Answer,
  type Classifier,
  loadClassifier,
  type PictureInput,
  UserError,
} from '../../src/index.js';
import { redOrBlue } from '../export/red-or-blue.js';
import { metadata, seededClassifier, seededNumbers } from '../export/seeded-classifier.js';
import { withFolder } from '../saving/folder.js';

const model = encodeModel(redOrBlue());

/** A picture of one colour, as RGB. */
const paint = (colour: readonly [number, number, number], width = 40, height = 30) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3] ?? 0),
});
const encode = ({ width, height, data }: ReturnType<typeof paint>): Promise<Buffer> =>
  sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();

const red = paint([255, 0, 0]);
const blue = paint([0, 0, 255]);
const [redFile, blueFile] = await Promise.all([encode(red), encode(blue)]);
/** `redOrBlue` gives logits of ±10 for pure colours. */
const sure = 1 / (1 + Math.exp(-20));

let shared: Classifier;
test.before(async () => {
  shared = await loadClassifier(model, { workers: 1 });
});
test.after.always(() => shared.close());

const withAlpha = Uint8ClampedArray.from({ length: 40 * 30 * 4 }, (_, i) => [255, 0, 0, 7][i % 4] ?? 0);
const bytes = new Uint8Array(redFile);

const kinds: Readonly<Record<string, () => PictureInput>> = {
  'a Buffer': () => redFile,
  'a Uint8Array': () => bytes,
  'a part of a larger buffer': () => Buffer.concat([Buffer.from('junk'), redFile]).subarray(4),
  'an ArrayBuffer': () => bytes.slice().buffer,
  'a Blob': () => new Blob([bytes]),
  'a File': () => new File([bytes], 'a.png'),
  'a Response': () => new Response(bytes),
  "the web's stream": () => new Blob([bytes]).stream(),
  "Node's stream": () => Readable.from([redFile.subarray(0, 10), redFile.subarray(10)]),
  'a data: URL': () => new URL(`data:image/png;base64,${redFile.toString('base64')}`),
  'an ImageData': () => ({ width: 40, height: 30, data: withAlpha }),
  'pixels as RGB': () => red,
};
for (const [kind, make] of Object.entries(kinds))
  test(`a picture may be ${kind}`, async (t) => {
    const answer = await shared.classify(make());
    t.is(answer.label, 'red');
    t.true(Math.abs(answer.probability - sure) < 1e-6, `${answer.probability}`);
  });

test('a picture may be a path, or the URL of a file', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'röt #1.png');
    await writeFile(path, redFile);
    t.is((await shared.classify(path)).label, 'red');
    t.is((await shared.classify(pathToFileURL(path))).label, 'red');
  });
});

test('a picture may be fetched', async (t) => {
  const server = createServer((request, response) => {
    if (request.url === '/a.png') response.end(redFile);
    else response.writeHead(404).end('none');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const address = (path: string) => new URL(path, `http://127.0.0.1:${port}`);
  t.is((await shared.classify(address('/a.png'))).label, 'red');
  await t.throwsAsync(shared.classify(address('/b.png')), {
    message: `Expected a picture. Received: status 404 from ${address('/b.png')}.`,
    name: 'ImageError',
  });
  await t.throwsAsync(shared.classify(address('/a.png'), { maxBytes: 20 }), {
    message:
      /^Expected a picture within the limit\. Received: \d+ bytes or more, where 20 are allowed\. Hint: allow more with `maxBytes`\.$/,
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await t.throwsAsync(shared.classify(address('/a.png')), {
    message:
      /^Expected a picture\. Received: http:.*, which cannot be reached \((other side closed|.*ECONNREFUSED)/,
  });
});

test('an answer tells label, probability, all classes and the size', async (t) => {
  const { probability, predictions, ...rest } = await shared.classify(blueFile);
  t.deepEqual(rest, {
    ...{ label: 'blue', known: true, reason: null, familiarity: null },
    ...{ face: null, faces: [], width: 40, height: 30 },
  });
  t.is(predictions[0]?.probability, probability);
  t.deepEqual(
    predictions.map(({ label }) => label),
    ['blue', 'red'],
  );
  t.true(Math.abs(probability - sure) < 1e-6);
  t.deepEqual(shared.labels, ['blue', 'red']);
});

const wrong: readonly [kind: string, value: unknown, message: RegExp][] = [
  ['undefined', undefined, /^Expected a picture: a path, .* Received: undefined\.$/],
  ['a number', 7, /Received: a number\.$/],
  ['an object', {}, /Received: an object of another kind\.$/],
  [
    'an address as text',
    'https://example.org/a.png',
    /^Expected the path .* Hint: write new URL\('…'\), which is fetched\.$/,
  ],
  ['a missing file', '/nowhere/a.png', /^Expected a picture\. Received: no such file\.$/],
  ['bytes of no picture', Buffer.from('text'), /^Expected a picture\. Received: /],
  ['too few pixels', { width: 2, height: 2, data: new Uint8Array(9) }, /Received: 9 for 2 × 2\.$/],
  ['a stream of text', Readable.from(['a']), /Received: one of a string\.$/],
];
for (const [kind, value, message] of wrong)
  test(`${kind} is refused`, async (t) => {
    await t.throwsAsync(shared.classify(value as PictureInput), { instanceOf: UserError, message });
  });

test('a buffer is still whole after it was classified', async (t) => {
  const own = bytes.slice().buffer;
  await shared.classify(own);
  t.is(own.byteLength, redFile.length);
  t.is((await shared.classify(own)).label, 'red');
});

test('many pictures come in order, taken as threads get free, with failures in their places', async (t) => {
  await using classifier = await loadClassifier(model, { workers: 2 });
  let taken = 0;
  let answered = 0;
  let most = 0;
  function* inputs() {
    for (let i = 0; i < 40; i++) {
      most = Math.max(most, ++taken - answered);
      yield i % 10 === 3 ? Buffer.from('broken') : i % 2 ? redFile : blueFile;
    }
  }
  const found: string[] = [];
  for await (const answer of classifier.classifyMany(inputs())) {
    answered++;
    found.push(answer.error ? answer.error.name : answer.label);
  }
  t.deepEqual(
    found,
    Array.from({ length: 40 }, (_, i) => (i % 10 === 3 ? 'ImageError' : i % 2 ? 'red' : 'blue')),
  );
  t.true(most <= 5, `${most} under way on 2 threads`);
});

test('an embedding is what the head judges by', async (t) => {
  await using classifier = await loadClassifier(encodeModel(seededClassifier()), { workers: 1 });
  const embedding = await classifier.embed(redFile);
  t.is(embedding.length, 24);
  const kernel = seededNumbers(24 * 5, 3, 6);
  const logits = Array.from(seededNumbers(5, 4, 0.1), (bias, c) =>
    embedding.reduce((sum, value, d) => sum + value * (kernel[5 * d + c] ?? 0), bias),
  );
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  const { predictions } = await classifier.classify(redFile);
  for (const { label, probability } of predictions) {
    const expected = Math.exp(logits[classifier.labels.indexOf(label)] ?? 0) / total;
    t.true(Math.abs(probability - expected) < 1e-5, `${label}: ${probability}, ${expected}`);
  }
});

test('a model in one piece has no embedding, and says so', async (t) => {
  const labels = Array.from({ length: 24 }, (_, i) => `${i}`);
  const converted = seededClassifier({
    metadata: { ...metadata, labels },
    head: (g, x) => g.op('Softmax', [x]),
  });
  await using classifier = await loadClassifier(encodeModel(converted), { workers: 1 });
  await t.throwsAsync(classifier.embed(redFile), { message: /^Expected a model that 'train' made/ });
  t.is((await classifier.classify(redFile)).predictions.length, 24);
});

test('a signal gives up what was not begun, and the classifier goes on', async (t) => {
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  t.is(await t.throwsAsync(shared.classify(redFile, { signal })), reason);
  t.is(await t.throwsAsync(shared.embed(redFile, { signal })), reason);
  const controller = new AbortController();
  const given = Array.from({ length: 8 }, () => shared.classify(redFile, { signal: controller.signal }));
  // After the pictures were read, which takes no longer than a turn here.
  setImmediate(() => controller.abort(reason));
  const outcomes = await Promise.allSettled(given);
  t.true(outcomes.some((outcome) => outcome.status === 'rejected' && outcome.reason === reason));
  t.is((await shared.classify(redFile)).label, 'red');
});

test('a signal ends many pictures', async (t) => {
  const controller = new AbortController();
  const reason = new Error('enough');
  let answered = 0;
  const endless = (function* () {
    for (;;) yield redFile;
  })();
  const all = async () => {
    for await (const _ of shared.classifyMany(endless, { signal: controller.signal }))
      if (++answered === 3) controller.abort(reason);
  };
  t.is(await t.throwsAsync(all()), reason);
});

test('without threads the answers are the same', async (t) => {
  await using here = await loadClassifier(model, { workers: 0 });
  const without = ({ error: _, ...answer }: Answer) => answer;
  t.deepEqual(without(await here.classify(redFile)), without(await shared.classify(redFile)));
});

test('one that was closed says so', async (t) => {
  const classifier = await loadClassifier(model, { workers: 1 });
  const last = classifier.classify(redFile);
  await classifier.close();
  await t.throwsAsync(last);
  await t.throwsAsync(classifier.classify(redFile), {
    message: 'Expected an open classifier. Received: one that was closed.',
  });
  await t.throwsAsync(async () => {
    for await (const _ of classifier.classifyMany([redFile])) t.fail();
  });
});

test('a model that is missing or none is refused before any thread starts', async (t) => {
  await t.throwsAsync(loadClassifier('/nowhere/model.onnx'), { code: 'ENOENT' });
  await t.throwsAsync(loadClassifier(Buffer.from('no model')), { instanceOf: UserError });
});
