import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import sharp from 'sharp';
import type { Duplicates } from '../../src/transfer/inspect/duplicates.js';
import type { Inspection } from '../../src/transfer/inspect/inspect.js';
import { run } from '../cli/command.js';
import { drawPatterns } from '../cli/pictures.js';

const test = anyTest as TestFn<{
  room: string;
  inspect: (views: number, ...more: string[]) => ReturnType<typeof run>;
}>;

/** Two folders with all that may be wrong with folders. */
test.before(async (t) => {
  const room = await mkdtemp(join(tmpdir(), 'ort-transfer-inspect-'));
  const train = join(room, 'train');
  const held = join(room, 'held');
  await drawPatterns(train, 4, 1);
  await drawPatterns(held, 2, 7);
  await copyFile(join(train, 'rings/0.jpg'), join(train, 'rings/0 again.jpg'));
  await copyFile(join(train, 'rings/1.jpg'), join(train, 'checks/mislabelled.jpg'));
  await copyFile(join(train, 'rings/2.jpg'), join(held, 'rings/leaked.jpg'));
  await sharp(join(train, 'stripes/0.jpg'))
    .resize(120, 90)
    .webp({ quality: 80 })
    .toFile(join(held, 'stripes/smaller.webp'));
  await sharp(join(train, 'checks/0.jpg')).flop().png().toFile(join(train, 'checks/mirrored.png'));
  await copyFile(join(train, 'stripes/1.jpg'), join(train, 'stripes/broken.jpg'));
  await truncate(join(train, 'stripes/broken.jpg'), 900);
  await writeFile(join(train, 'stripes/notes.txt'), 'not a picture');
  await mkdir(join(train, 'lone'));
  await sharp({ create: { width: 300, height: 40, channels: 3, background: '#2a6' } })
    .png()
    .toFile(join(train, 'lone/é.png'));
  const inspect = (views: number, ...more: string[]) =>
    run(
      'ort-transfer',
      [
        ...['inspect', 'train', '--validation', 'held', '--views', String(views), '--crop', 'none'],
        ...['--provider', 'cpu', '--cache', 'cache', ...more],
      ],
      { cwd: room },
    );
  t.context = { room, inspect };
});

test.after.always(({ context: { room } }) => rm(room, { recursive: true, force: true }));

const brief = ({ pictures, acrossClasses, acrossSplits }: Duplicates) => ({
  paths: pictures.map(({ path }) => path),
  acrossClasses,
  acrossSplits,
});

test('inspect --json tells counts, sizes, formats, broken files and copies', async (t) => {
  const { code, stdout, stderr } = await t.context.inspect(1, '--json', '--out', 'json');
  t.is(code, 0, stderr);
  const found: Inspection = JSON.parse(stdout);
  const row = (label: string, train: number, validation: number, skipped: number) => ({
    ...{ label, train, validation, skipped, withoutFace: null },
  });
  t.deepEqual(found.classes, [
    row('checks', 6, 2, 0),
    row('lone', 1, 0, 0),
    row('rings', 5, 3, 0),
    row('stripes', 4, 3, 1),
  ]);
  t.deepEqual(found.sizes, { min: [120, 90], median: [160, 120], max: [160, 120] });
  t.deepEqual(found.formats, { jpeg: 21, png: 2, webp: 1 });
  t.deepEqual(
    found.skipped.map(({ path }) => path),
    ['train/stripes/broken.jpg'],
  );
  t.regex(found.skipped[0]!.reason, /^Expected a whole picture\. Received: /);
  t.deepEqual(found.passedOver, [
    { path: 'train/stripes/notes.txt', reason: '.txt is not the extension of a picture' },
  ]);
  t.deepEqual(found.warnings, [
    "The class 'lone' has no pictures in validation: nothing is known of how well it does.",
    '1 of 24 pictures of train and held show one colour alone, or nearly: train/lone/é.png. Hint: pictures of 16 bits that use a small part of their range turn black; stretch their levels first.',
  ]);

  t.deepEqual(found.exact.map(brief), [
    {
      paths: ['train/checks/mislabelled.jpg', 'train/rings/1.jpg'],
      acrossClasses: true,
      acrossSplits: false,
    },
    { paths: ['train/rings/2.jpg', 'held/rings/leaked.jpg'], acrossClasses: false, acrossSplits: true },
    { paths: ['train/rings/0 again.jpg', 'train/rings/0.jpg'], acrossClasses: false, acrossSplits: false },
  ]);
  t.deepEqual(found.near.map(brief), [
    { paths: ['train/stripes/0.jpg', 'held/stripes/smaller.webp'], acrossClasses: false, acrossSplits: true },
    { paths: ['train/checks/0.jpg', 'train/checks/mirrored.png'], acrossClasses: false, acrossSplits: false },
  ]);
  for (const { similarity } of found.near) t.true(similarity >= 0.85 && similarity < 1, `${similarity}`);
});

test('inspect prints the same for people', async (t) => {
  const { code, stdout, stderr } = await t.context.inspect(1, '--out', 'text');
  t.is(code, 0, stderr);
  const [table, rest] = [stdout.slice(0, stdout.indexOf('sizes')), stdout.slice(stdout.indexOf('sizes'))];
  t.is(
    table,
    `train, held: 24 pictures of 4 classes

class         train  validation     skipped
checks            6           2           0
lone              1           0           0
rings             5           3           0
stripes           4           3           1

`,
  );
  t.regex(
    rest,
    /^sizes {4}120×90 smallest, 160×120 median, 160×120 largest\nformats {2}21 jpeg, 2 png, 1 webp\n\nWorth knowing\n {2}The class 'lone' /,
  );
  t.regex(rest, /\n\nSkipped: 1 picture\n {2}train\/stripes\/broken\.jpg: Expected a whole picture\. /);
  t.regex(
    rest,
    /\n\nSame file: 3 groups\n {2}in 2 classes: train\/checks\/mislabelled\.jpg = train\/rings\/1\.jpg\n/,
  );
  t.regex(rest, /\n {2}in both splits: train\/stripes\/0\.jpg ≈ held\/stripes\/smaller\.webp \(0\.\d{3}\)\n/);
  t.regex(rest, /\n4 contact sheets: text\/checks\.png … text\/stripes\.png\n$/);
});

test('a sheet shows each picture as the backbone will see it, and frames copies', async (t) => {
  const { room, inspect } = t.context;
  const { code, stderr } = await inspect(1, '--out', 'sheets', '--most', '3');
  t.is(code, 0, stderr);
  t.deepEqual((await readdir(join(room, 'sheets'))).sort(), [
    'checks.png',
    'lone.png',
    'rings.png',
    'stripes.png',
  ]);
  const lone = await sharp(join(room, 'sheets/lone.png'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const count = ({ data }: { data: Buffer }, colour: readonly number[]) => {
    let pixels = 0;
    for (let i = 0; i < data.length; i += 3) if (colour.every((level, c) => data[i + c] === level)) pixels++;
    return pixels;
  };
  // One picture, stretched to one square tile.
  t.is(count(lone, [0x22, 0xaa, 0x66]), 128 * 128);
  t.is(count(lone, [205, 40, 40]), 0);
  const checks = await sharp(join(room, 'sheets/checks.png'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  t.true(lone.info.width === checks.info.width && checks.info.height > lone.info.height);
  const rings = await sharp(join(room, 'sheets/rings.png'))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  // A frame of 3 pixels around 128, and the mark's square in the legend.
  const frame = 134 ** 2 - 128 ** 2 + 12 ** 2;
  t.true(count(rings, [205, 40, 40]) >= frame, 'rings/1.jpg has a red frame');
  t.true(count(rings, [226, 138, 22]) >= frame, 'rings/2.jpg has an orange frame');
});

test('the same run draws the same sheets, and leaves nothing half-written', async (t) => {
  const { room, inspect } = t.context;
  for (const out of ['first', 'second']) t.is((await inspect(3, '--out', out)).code, 0);
  for (const name of await readdir(join(room, 'first')))
    t.true(
      (await readFile(join(room, 'first', name))).equals(await readFile(join(room, 'second', name))),
      name,
    );
  t.is((await readdir(join(room, 'first'))).length, 4);
});

test('--strict stops at a broken picture', async (t) => {
  const { code, stdout, stderr } = await t.context.inspect(1, '--out', 'strict', '--strict');
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(
    stderr,
    /error: Expected every picture to be usable\. Received: 1 that is not, the first train\/stripes\/broken\.jpg: /,
  );
});
