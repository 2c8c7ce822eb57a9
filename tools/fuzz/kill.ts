/** Runs `train` and `features` on a few small pictures, kills them, and looks at the files that they leave. */

import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import type { Random } from './damage.js';

/** Milliseconds after which a run is killed, or the words on standard error upon which it is. */
export type Moment = number | RegExp;

/** The commands that write several files, with their options beside pictures, seed and folders. */
export const commands = {
  train: ['--epochs', '2', '--hidden', '8', '--views', '1', '--head', 'article'],
  features: ['--views', '2'],
} as const;
export type Command = keyof typeof commands;

const side = 32;

/** Runs in one folder, which share pictures and a network that takes no time. */
export class Killing {
  /** For each command and seed, the files of a run that nobody killed. */
  readonly #references = new Map<string, string>();

  private constructor(readonly room: string) {}

  /** Draws 12 pictures of two classes. */
  static async prepare(room: string, random: Random): Promise<Killing> {
    const g = new GraphBuilder('parts');
    const pixels = g.input('pixels', 'float32', ['N', 3, side, side]);
    const pooled = g.op('AveragePool', [pixels], { kernel_shape: [8, 8], strides: [8, 8] });
    g.output('features', g.op('Flatten', [pooled], { axis: 1 }), 'float32', ['N', 48]);
    await writeFile(join(room, 'net.onnx'), encodeModel({ graph: g.build(), opset: 17 }));
    for (const [name, base] of Object.entries({ dark: 0, bright: 120 })) {
      await mkdir(join(room, 'pictures', name), { recursive: true });
      for (let i = 0; i < 6; i++) {
        const levels = Buffer.from(Array.from({ length: side * side * 3 }, () => base + random(130)));
        const header = Buffer.from(`P6 ${side} ${side} 255\n`);
        await writeFile(join(room, 'pictures', name, `${i}.ppm`), Buffer.concat([header, levels]));
      }
    }
    return new Killing(room);
  }

  /** The folder that a command writes to. */
  out(command: Command): string {
    return join(this.room, `out of ${command}`);
  }

  /**
   * Runs a command with this seed.
   *
   * @returns its exit code, `null` where it was killed, and how long it took in milliseconds
   */
  run(command: Command, seed: number, moment?: Moment): Promise<{ code: number | null; took: number }> {
    const script = new URL('../../src/cli/ort-transfer.js', import.meta.url).pathname;
    const pictures = join(this.room, 'pictures');
    const args = [
      ...(command === 'train' ? ['train', '--train', pictures] : ['features', pictures]),
      ...['--weights', join(this.room, 'net.onnx'), '--input-scaling', 'tf', '--crop', 'none'],
      ...['--provider', 'cpu', '--cache', join(this.room, 'cache'), '--seed', String(seed)],
      ...['--out', this.out(command), ...commands[command]],
    ];
    const began = performance.now();
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const kill = () => child.kill('SIGKILL');
    const timer = typeof moment === 'number' ? setTimeout(kill, moment) : undefined;
    let told = '';
    child.stderr.on('data', (text) => {
      told += text;
      if (moment instanceof RegExp && moment.test(told)) kill();
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(timer);
        if (code !== null && code !== 0) reject(new Error(`${command} ended with ${code}:\n${told}`));
        else resolve({ code, took: performance.now() - began });
      });
    });
  }

  /** Runs a command undisturbed, and remembers its files. @returns how long it took in milliseconds */
  async learn(command: Command, seed: number): Promise<number> {
    await rm(this.out(command), { recursive: true, force: true });
    const { took } = await this.run(command, seed);
    this.#references.set(`${command} ${seed}`, await visible(this.out(command)));
    return took;
  }

  /** The seed of the run that wrote all that can be seen; `undefined` where there is no such run. */
  async seedOf(command: Command, seeds: readonly number[]): Promise<number | undefined> {
    const seen = await visible(this.out(command));
    return seeds.find((seed) => this.#references.get(`${command} ${seed}`) === seen);
  }

  /** Files that runs left behind: hidden ones beside the output, and temporary ones in the cache. */
  async remains(command: Command): Promise<string[]> {
    const beside = (await readdir(this.out(command))).filter((name) => name.startsWith('.'));
    const cached = await readdir(join(this.room, 'cache'), { recursive: true });
    const parts = cached.filter((name) => /\.(npy|json)$/.test(name));
    const single = parts.filter(
      (name) => !parts.includes(name.replace(/npy$|json$/, (kind) => (kind === 'npy' ? 'json' : 'npy'))),
    );
    return [...beside, ...cached.filter((name) => name.endsWith('.tmp')), ...single];
  }
}

/** Every file that a folder shows, as one text. */
async function visible(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  const files = await Promise.all(
    // A report says when it was made.
    names.map(async (name) => {
      const text = await readFile(join(folder, name), 'latin1');
      return name.endsWith('.html') ? text.replace(/ on [-\d]+ [:\d]+ UTC/, '') : text;
    }),
  );
  return JSON.stringify([names, files]);
}
