import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listImages } from '../../src/platform/node/folder.js';
import { inTurn, type Row } from './median.js';

/** Views of each picture in an epoch. */
const views = 8;

/**
 * The article's job from start to end, 5 epochs of 283 pictures in 8 views each, validated on 70, by three programs
 * that start with nothing in a cache: `ort-transfer train` without cropping, which embeds each view once and exports
 * the model; `fit` of the Keras API, which keeps as many views; and, once, Keras's `fit` with an `ImageDataGenerator`,
 * which sends new views through the network in every epoch.
 *
 * @param options.python has Keras; without it Keras is left out
 * @param options.quick one epoch of a few pictures, to see whether it runs
 */
export async function benchArticle(options: {
  sample: string;
  python?: string;
  rounds: number;
  quick: boolean;
}): Promise<Row[]> {
  const { sample, python, rounds, quick } = options;
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  const epochs = quick ? 1 : 5;
  try {
    const [train, test] = quick
      ? [
          await takeSome(`${sample}/train`, join(room, 'train')),
          await takeSome(`${sample}/test`, join(room, 'test')),
        ]
      : [`${sample}/train`, `${sample}/test`];
    const job = [train, test, String(epochs), String(views)];
    const cli = fileURLToPath(new URL('../../src/cli/ort-transfer.js', import.meta.url));
    const own = fileURLToPath(new URL('article-fit.js', import.meta.url));
    const [cache, out] = [join(room, 'cache'), join(room, 'out')];
    const times = await inTurn(
      {
        command: async () => {
          await rm(cache, { recursive: true, force: true });
          await run(process.execPath, [
            ...[cli, 'train', '--train', train, '--validation', test, '--crop', 'none', '--provider', 'cpu'],
            ...['--epochs', String(epochs), '--views', String(views), '--cache', cache, '--out', out],
          ]);
        },
        api: () => run(process.execPath, [own, ...job]),
      },
      rounds,
    );
    const over = 100 * (times.api / times.command - 1);
    const rows: Row[] = [
      [`the article's job, ${epochs} epochs: ort-transfer train`, seconds(times.command)],
      [
        '  the Keras API in TypeScript',
        `${seconds(times.api)}, ${Math.abs(over).toFixed(1)}% ${over < 0 ? 'less' : 'more'}`,
      ],
    ];
    if (!python) return rows;
    const script = fileURLToPath(new URL('../../../tools/bench/article.py', import.meta.url));
    const began = performance.now();
    const {
      keras,
      tensorflow,
      seconds: fit,
    } = JSON.parse((await run(python, [script, ...job])).trim().split('\n').at(-1)!);
    const all = performance.now() - began;
    const faster = (theirs: number) =>
      `the command is ${(theirs / times.command).toFixed(1)}× as fast, the API ${(theirs / times.api).toFixed(1)}×`;
    return [
      ...rows,
      [`  Keras ${keras}, TensorFlow ${tensorflow}`, `${seconds(all)}, ${faster(all)}`],
      ['  its fit alone, without import and start', `${seconds(1000 * fit)}, ${faster(1000 * fit)}`],
    ];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;

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

/** @returns the text that a process printed */
export function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command} ${args[0]}: ${stderr.slice(-2000)}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
