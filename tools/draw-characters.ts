import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { type Character, cast } from './characters/cast.js';
import { Random } from './characters/random.js';
import { takePicture } from './characters/scene.js';

/** How many pictures each of the cast has, next to the others: uneven, as in sets that people collect. */
const shares = [28, 26, 24, 23, 22, 21, 20, 20, 19, 18, 17, 16, 15, 14];

export interface DrawOptions {
  /** The folder to make, with `train/<Name>` and `test/<Name>` in it. */
  out: string;
  seed?: number;
  /** The number of training pictures of all characters together; shared out unevenly. */
  train?: number;
  /** The number of test pictures; shared out evenly. */
  test?: number;
}

/** A picture that is to be: `path` is relative to the folder, as in `train/Alba/007.jpg`. */
interface Shot {
  readonly character: Character;
  readonly path: string;
}

/**
 * Draws the sample data set: made-up characters, a folder for each.
 *
 * The folder appears when all of it is there. A folder already finished with the same options is left as it is;
 * one that is not, or that has other options, is drawn anew, unless it holds files that this tool never wrote.
 *
 * @returns whether anything was drawn
 * @throws when the folder holds other files
 */
export async function drawCharacters({
  out,
  seed = 0,
  train = 283,
  test = 70,
}: DrawOptions): Promise<boolean> {
  const folder = resolve(out);
  const shots = [
    ...plan('train', shareOut(train, shares)),
    ...plan(
      'test',
      shareOut(
        test,
        shares.map(() => 1),
      ),
    ),
  ];
  const record = JSON.stringify({ seed, train, test });
  if (await isFinished(folder, record, shots, seed)) return false;
  await refuseStrangers(folder);

  const partial = `${folder}.partial-${process.pid}`;
  await removeAbandoned(folder);
  await Promise.all(
    [...new Set(shots.map(({ path }) => dirname(path)))].map((path) =>
      mkdir(join(partial, path), { recursive: true }),
    ),
  );
  const queue = shots.values();
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (const { character, path } of queue)
        await writeFile(join(partial, path), await draw({ character, path }, seed));
    }),
  );
  await writeFile(join(partial, recordName), record);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return true;
}

const recordName = 'drawn.json';

function plan(split: string, counts: readonly number[]): Shot[] {
  return cast.flatMap((character, i) =>
    Array.from({ length: counts[i]! }, (_, n) => ({
      character,
      path: `${split}/${character.name}/${String(n + 1).padStart(3, '0')}.jpg`,
    })),
  );
}

/** Splits `total` in proportion to the weights, by largest remainders, the earlier first among equals. */
function shareOut(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const counts = exact.map(Math.floor);
  const missing = total - counts.reduce((a, b) => a + b, 0);
  const neediest = exact
    .map((share, i) => ({ i, rest: share - counts[i]! }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of neediest.slice(0, missing)) counts[i]!++;
  return counts;
}

function draw({ character, path }: Shot, seed: number): Promise<Buffer> {
  return takePicture(character, new Random(seed, path));
}

/** Whether all pictures are there, and each character's first as it would be drawn today. */
async function isFinished(
  folder: string,
  record: string,
  shots: readonly Shot[],
  seed: number,
): Promise<boolean> {
  const found = await readFile(join(folder, recordName), 'utf8').catch(() => undefined);
  if (found !== record) return false;
  const files = new Set(await listFiles(folder));
  if (!shots.every(({ path }) => files.has(path))) return false;
  for (const shot of shots.filter(({ path }) => path.startsWith('train/') && path.endsWith('/001.jpg')))
    if (!(await draw(shot, seed)).equals(await readFile(join(folder, shot.path)))) return false;
  return true;
}

/** Refuses to replace a folder with anything in it that this tool would not have written. */
async function refuseStrangers(folder: string): Promise<void> {
  const names = cast.map(({ name }) => name).join('|');
  const ours = new RegExp(`^(drawn\\.json|(train|test)/(${names})/\\d{3}\\.jpg)$`);
  const stranger = (await listFiles(folder)).find((file) => !ours.test(file));
  if (stranger !== undefined)
    throw new Error(
      `Expected ${folder} to be absent, empty or drawn by this tool. Received: a folder with ${stranger}. Hint: choose another --out.`,
    );
}

/** The files below a folder, their paths relative to it and with `/`; none where the folder is missing. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
}

/** Removes the temporary folders of killed runs. */
async function removeAbandoned(folder: string): Promise<void> {
  const prefix = `${basename(folder)}.partial-`;
  for (const name of await readdir(dirname(folder)).catch(() => []))
    if (name.startsWith(prefix) && !isRunning(Number(name.slice(prefix.length))))
      await rm(join(dirname(folder), name), { recursive: true });
}

function isRunning(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { out, seed, train, test } = await yargs(hideBin(process.argv))
    .usage('$0: draws the sample data set, made-up characters in a folder for each')
    .option('out', { type: 'string', default: 'data/characters', describe: 'the folder to make' })
    .option('seed', { type: 'number', default: 0, describe: 'the same seed gives the same pictures' })
    .option('train', { type: 'number', default: 283, describe: 'the number of training pictures' })
    .option('test', { type: 'number', default: 70, describe: 'the number of test pictures' })
    .strict()
    .parse();
  const drawn = await drawCharacters({ out, seed, train, test });
  console.log(
    drawn
      ? `Drew ${train} training and ${test} test pictures of ${cast.length} characters in ${out} (seed ${seed}).`
      : `${out} is already there, drawn with seed ${seed}.`,
  );
}
