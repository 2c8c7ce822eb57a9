/** Starts a browser and builds a page, which all test files share, until standard input ends (companion.ts). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { encodeModel } from '../../src/graph/onnx.js';
import { buildWeb } from '../../tools/build-web.js';
import { seededClassifier } from '../export/seeded-classifier.js';
import { serveChromium } from './browser.js';

const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-web-'));
const model = join(folder, 'seeded.onnx');
await writeFile(model, encodeModel(seededClassifier()));
const site = join(folder, 'site');
await buildWeb({ model, out: site });
// Chromium's own camera: a green picture with a clock in it.
const browser = await serveChromium('--use-fake-device-for-media-stream');
console.log(JSON.stringify({ browser: browser.wsEndpoint(), site }));

process.stdin.resume().on('end', async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});
