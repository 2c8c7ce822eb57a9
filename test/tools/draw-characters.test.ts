import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import sharp from 'sharp';
import { cast } from '../../tools/characters/cast.js';
import { drawCharacters } from '../../tools/draw-characters.js';

const small = { seed: 7, train: 14, test: 0 };

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'characters-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** Path → SHA-256 of every file below a folder. */
async function hashes(folder: string): Promise<Record<string, string>> {
  const files = (await readdir(folder, { recursive: true })).sort();
  const entries: [string, string][] = [];
  for (const file of files)
    if ((await stat(join(folder, file))).isFile())
      entries.push([
        file,
        createHash('sha256')
          .update(await readFile(join(folder, file)))
          .digest('hex'),
      ]);
  return Object.fromEntries(entries);
}

test('a seed draws the same bytes twice, another seed others', async (t) => {
  const folder = await temporaryFolder(t);
  for (const [name, seed] of [
    ['a', 7],
    ['b', 7],
    ['c', 8],
  ] as const)
    t.true(await drawCharacters({ ...small, out: join(folder, name), seed }));
  const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => hashes(join(folder, name))));
  t.deepEqual(a, b);
  t.deepEqual(Object.keys(a!), Object.keys(c!));
  for (const file of Object.keys(a!)) t.not(a![file], c![file], file);
  t.is(new Set(Object.values(a!)).size, 14 + 1, 'no two files alike');
});

test('every character has its pictures, and each is a JPEG of some size', async (t) => {
  const out = join(await temporaryFolder(t), 'set');
  await drawCharacters({ seed: 7, train: 28, test: 14, out });
  const count = async (split: string) =>
    Object.fromEntries(
      await Promise.all(cast.map(async ({ name }) => [name, (await readdir(join(out, split, name))).length])),
    );
  t.deepEqual((await readdir(out)).sort(), ['drawn.json', 'test', 'train']);
  const trained: Record<string, number> = await count('train');
  t.is(
    Object.values(trained).reduce((a, b) => a + b, 0),
    28,
  );
  t.true(trained.Alba! > trained.Nils!, 'training pictures are uneven');
  t.deepEqual(await count('test'), Object.fromEntries(cast.map(({ name }) => [name, 1])));
  const { format, width, height, channels } = await sharp(join(out, 'train/Alba/001.jpg')).metadata();
  t.deepEqual({ format, channels }, { format: 'jpeg', channels: 3 });
  t.true(Math.max(width, height) <= 640 && Math.min(width, height) >= 240);
});

test('a finished folder is left alone', async (t) => {
  const out = join(await temporaryFolder(t), 'set');
  await drawCharacters({ ...small, out });
  const before = await stat(join(out, 'train/Alba/001.jpg'));
  t.false(await drawCharacters({ ...small, out }));
  t.is((await stat(join(out, 'train/Alba/001.jpg'))).mtimeMs, before.mtimeMs);
});

test('a half-drawn folder is drawn anew', async (t) => {
  const folder = await temporaryFolder(t);
  const [out, whole] = [join(folder, 'set'), join(folder, 'whole')];
  await drawCharacters({ ...small, out: whole });
  await drawCharacters({ ...small, out });
  await rm(join(out, 'train/Bruno/001.jpg'));
  t.true(await drawCharacters({ ...small, out }));
  t.deepEqual(await hashes(out), await hashes(whole));
  await rm(join(out, 'drawn.json'));
  t.true(await drawCharacters({ ...small, out }));
  t.deepEqual(await hashes(out), await hashes(whole));
});

test('a folder with pictures of an older drawing is drawn anew', async (t) => {
  const out = join(await temporaryFolder(t), 'set');
  await drawCharacters({ ...small, out });
  const before = await hashes(out);
  await writeFile(join(out, 'train/Hugo/001.jpg'), 'as it was drawn last year');
  t.true(await drawCharacters({ ...small, out }));
  t.deepEqual(await hashes(out), before);
});

test('what a killed run left beside the folder is removed', async (t) => {
  const folder = await temporaryFolder(t);
  const out = join(folder, 'set');
  // No process has this id: Linux's highest is 4194304.
  const left = join(folder, 'set.partial-99999999');
  await mkdir(left);
  await writeFile(join(left, 'half.jpg'), '');
  await drawCharacters({ ...small, out });
  t.deepEqual(await readdir(folder), ['set']);
});

test("a folder with someone's own files is refused and kept", async (t) => {
  const out = join(await temporaryFolder(t), 'set');
  await drawCharacters({ ...small, out });
  await mkdir(join(out, 'train/Me'));
  await rename(join(out, 'train/Alba/001.jpg'), join(out, 'train/Me/holiday.jpg'));
  await t.throwsAsync(drawCharacters({ ...small, seed: 8, out }), {
    message: `Expected ${out} to be absent, empty or drawn by this tool. Received: a folder with train/Me/holiday.jpg. Hint: choose another --out.`,
  });
  t.true((await stat(join(out, 'train/Me/holiday.jpg'))).isFile());
});
