/** The programs in `examples`, as they stand. */
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import sharp from 'sharp';
import { encodeModel } from '../../src/graph/onnx.js';
import { redOrBlue, redPicture } from '../export/red-or-blue.js';
import { seededClassifier } from '../export/seeded-classifier.js';
import { withFolder } from '../saving/folder.js';
import { writePictures } from '../transfer/bright-or-dark.js';

const at = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
const run = async (name: string, args: readonly string[], cwd: string): Promise<string> => {
  const env = { ...process.env, ORT_TRANSFER_CACHE: join(cwd, 'cache') };
  return (await promisify(execFile)(process.execPath, [at(name), ...args], { cwd, env })).stdout;
};

test('train.mjs trains, and predict.mjs uses what came of it', async (t) => {
  await withFolder(async (cwd) => {
    await writePictures(join(cwd, 'photos'));
    t.regex(
      await run('train.mjs', ['photos', 'vggface2', 'made'], cwd),
      /^made\/model\.onnx knows bright, dark; 100\.0% of left-out photos were named rightly\n$/,
    );
    const answers = await run('predict.mjs', ['made/model.onnx', 'photos/dark/1.ppm', 'none.jpg'], cwd);
    t.regex(
      answers,
      /^photos\/dark\/1\.ppm: no face, nearest dark \d+\.\d%\nnone\.jpg: Expected a picture\. Received: no such file\.\n$/,
    );
  });
});

test('embed.mjs ranks pictures by likeness', async (t) => {
  await withFolder(async (cwd) => {
    await writeFile(join(cwd, 'model.onnx'), encodeModel(seededClassifier()));
    await writeFile(join(cwd, 'a.png'), await redPicture());
    await writeFile(join(cwd, 'same.png'), await redPicture());
    await sharp({ create: { width: 30, height: 30, channels: 3, background: 'blue' } }).toFile(
      join(cwd, 'other.png'),
    );
    const lines = (await run('embed.mjs', ['model.onnx', 'a.png', 'other.png', 'same.png'], cwd))
      .trim()
      .split('\n');
    t.is(lines[0], '1.000 same.png');
    t.regex(lines[1] ?? '', /^0\.\d{3} other\.png$/);
  });
});

test('server.mjs answers uploads, faults and pings, and ends when it is told to', async (t) => {
  await withFolder(async (cwd) => {
    await writeFile(join(cwd, 'model.onnx'), encodeModel(redOrBlue()));
    const server = spawn(process.execPath, [at('server.mjs'), 'model.onnx', '0'], { cwd });
    t.teardown(() => server.kill('SIGKILL'));
    const address = await new Promise<string>((resolve) =>
      server.stdout.once('data', (line) => resolve(String(line).trim())),
    );
    const post = (body: BodyInit) => fetch(address, { method: 'POST', body });
    const answer = await post(new Uint8Array(await redPicture()));
    t.is(answer.status, 200);
    t.like(await answer.json(), { label: 'red', known: true });
    const refused = await post('no picture');
    t.is(refused.status, 400);
    t.regex((await refused.json()).error, /^Expected a picture\./);
    t.is(await (await fetch(new URL('/ping', address))).text(), 'pong');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    t.is(await ended, 0);
  });
});
