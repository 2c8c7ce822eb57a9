import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listImages } from '../../src/images/folder.js';
import type { Row } from './median.js';

/** Views of each picture in an epoch. */
const views = 8;

/**
 * The article's job from start to end, ours and Keras's: 5 epochs of 283 pictures in 8 views each, validated on 70.
 *
 * Ours is `ort-transfer train` with nothing in the cache and no crop, which embeds each view once and exports the
 * model, and `fit` of the Keras API, which keeps as many views; Keras's is `fit` with an `ImageDataGenerator`, which
 * sends new views through the network in every epoch.
 *
 * @param options.quick one epoch of a few pictures, to see whether it runs
 */
export async function benchArticle(options: {
  sample: string;
  python?: string;
  quick: boolean;
}): Promise<Row[]> {
  const { sample, python, quick } = options;
  if (python === undefined)
    return [["the article's job against Keras", 'not measured: KERAS_PYTHON names no Python']];
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  const epochs = quick ? 1 : 5;
  try {
    const [train, test] = quick
      ? [
          await takeSome(`${sample}/train`, join(room, 'train')),
          await takeSome(`${sample}/test`, join(room, 'test')),
        ]
      : [`${sample}/train`, `${sample}/test`];
    const cli = fileURLToPath(new URL('../../src/cli/ort-transfer.js', import.meta.url));
    const script = fileURLToPath(new URL('../../../tools/bench/article.py', import.meta.url));
    const ours = await run(process.execPath, [
      ...[cli, 'train', '--train', train, '--validation', test, '--crop', 'none', '--provider', 'cpu'],
      ...['--epochs', String(epochs), '--views', String(views)],
      ...['--cache', join(room, 'cache'), '--out', join(room, 'out')],
    ]);
    const own = fileURLToPath(new URL('article-fit.js', import.meta.url));
    const api = await run(process.execPath, [own, train, test, String(epochs), String(views)]);
    const theirs = await run(python, [script, train, test, String(epochs), String(views)]);
    const { seconds, samples, keras, tensorflow } = JSON.parse(theirs.stdout.trim().split('\n').at(-1)!);
    return [
      [
        `the article's job, ${epochs} × ${samples} samples: ort-transfer train`,
        `${ours.seconds.toFixed(1)} s`,
      ],
      [
        '  the Keras API in TypeScript',
        `${api.seconds.toFixed(1)} s, ${(theirs.seconds / api.seconds).toFixed(1)}× as fast as Keras`,
      ],
      [
        `  Keras ${keras}, TensorFlow ${tensorflow}`,
        `${theirs.seconds.toFixed(1)} s, ours is ${(theirs.seconds / ours.seconds).toFixed(1)}× as fast`,
      ],
      [
        '  its fit alone, without import and start',
        `${seconds.toFixed(1)} s, ours with everything is ${(seconds / ours.seconds).toFixed(1)}× as fast`,
      ],
    ];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

/** Copies two pictures of each of three classes. @returns the new folder */
async function takeSome(folder: string, to: string): Promise<string> {
  const { classes, images } = await listImages(folder);
  for (const [label, name] of classes.slice(0, 3).entries()) {
    await mkdir(join(to, name), { recursive: true });
    for (const { path } of images.filter((image) => image.label === label).slice(0, 2))
      await copyFile(path, join(to, name, basename(path)));
  }
  return to;
}

/** @returns what a process printed, and the seconds from its start to its end */
function run(command: string, args: readonly string[]): Promise<{ stdout: string; seconds: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args[0]}: ${stderr.slice(-2000)}`, { cause: error }));
      else resolve({ stdout, seconds: (performance.now() - began) / 1000 });
    });
  });
}
