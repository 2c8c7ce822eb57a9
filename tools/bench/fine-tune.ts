import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './article.js';
import { median, type Row } from './median.js';

const own = (name: string) => fileURLToPath(new URL(`${name}.js`, import.meta.url));
const script = (name: string) => fileURLToPath(new URL(`../../../tools/bench/${name}.py`, import.meta.url));

/** The last line that a program prints, as JSON. */
async function ask<T>(command: string, ...args: string[]): Promise<T> {
  return JSON.parse((await run(command, args)).trim().split('\n').at(-1) ?? '') as T;
}

const milliseconds = (ms: number) => `${ms.toFixed(0)} ms`;

/**
 * Fine-tuning beside Keras, in turn: a step of 16 through the last blocks of MobileNet, and a whole job, from files to
 * the saved model, of which only the first epoch goes through the frozen part.
 *
 * @param options.python has Keras; without it Keras is left out
 */
export async function benchFineTuning(options: {
  photos: string;
  python?: string;
  rounds: number;
  quick: boolean;
}): Promise<Row[]> {
  const { photos, python, rounds, quick } = options;
  const rows: Row[] = [];
  const epochs = quick ? 3 : 6;
  for (const [blocks, normalisation] of [
    [1, 'frozen'],
    [3, 'frozen'],
    [3, 'trained'],
  ] as const) {
    const args = [String(blocks), normalisation, String(epochs)];
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      ours.push((await ask<{ step: number }>(process.execPath, own('fine-tune-step'), ...args)).step);
      if (python) theirs.push((await ask<{ step: number }>(python, script('fine_tune_step'), ...args)).step);
    }
    const what = `a step through ${blocks} block${blocks === 1 ? '' : 's'}, BatchNormalization ${normalisation}`;
    const [a, b] = [median(ours), theirs.length > 0 ? median(theirs) : null];
    rows.push([what, b === null ? milliseconds(a) : `${milliseconds(a)}, ${(a / b).toFixed(2)}× Keras's`]);
  }

  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-bench-'));
  try {
    const job = [photos, quick ? '1' : '5', join(room, 'tuned.keras')];
    const ours = await ask<{ seconds: number }>(process.execPath, own('fine-tune-job'), ...job);
    const theirs = python && (await ask<{ seconds: number }>(python, script('fine_tune_job'), ...job));
    const beside = theirs ? `, ${(theirs.seconds / ours.seconds).toFixed(1)}× as fast as Keras` : '';
    return [...rows, [`fine-tuning 3 blocks, ${job[1]} epochs`, `${ours.seconds.toFixed(1)} s${beside}`]];
  } finally {
    await rm(room, { recursive: true, force: true });
  }
}
