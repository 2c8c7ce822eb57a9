import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { listImages } from '../../src/platform/node/folder.js';
import { readLabels } from '../../src/transfer/convert/convert.js';
import { checkLost, listClasses, relabel } from '../../src/transfer/data/list-classes.js';
import { refuseSplits } from '../../src/transfer/data/splits.js';
import { type Reporter, silent } from '../../src/transfer/reporter.js';
import { chooseClasses } from '../../src/transfer/train/choose-classes.js';
import { withFolder } from '../saving/folder.js';

const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0heicmif1', 'latin1')]);

async function fill(folder: string, paths: readonly string[], content: string | Buffer = ''): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** A reporter with the warnings that it was told. */
function listening(): { warnings: string[]; reporter: Reporter } {
  const warnings: string[] = [];
  return { warnings, reporter: { ...silent, warn: (text) => warnings.push(text) } };
}

const lostMessage = (names: string, folder: string, folders: string) =>
  `Expected pictures of every class. Received: none that can be used of ${names} in ${folder}. Hint: mend or convert the pictures, or move the ${folders} away.`;

test('a class whose files are all of a kind that is not read stops the run, after they were told', async (t) => {
  await withFolder(async (folder) => {
    await fill(folder, ['ants/1.jpg', 'bees/1.jpg']);
    await fill(folder, ['cats/1.heic', 'cats/2.heic'], heic);
    const { warnings, reporter } = listening();
    await t.throwsAsync(listClasses(folder, {}, reporter), {
      name: 'LostClassError',
      message: lostMessage("'cats'", folder, 'folder'),
    });
    const reason = 'a HEIC picture, which is not read; convert it to JPEG or PNG';
    t.deepEqual(warnings, [
      `Passed over ${folder}/cats/1.heic: ${reason}`,
      `Passed over ${folder}/cats/2.heic: ${reason}`,
    ]);
  });
});

test('links that lead nowhere lose a class, notes and annotations do not', async (t) => {
  await withFolder(async (folder) => {
    await fill(folder, ['ants/1.jpg', 'annotations/1.xml', 'annotations/README', 'empty/.keep']);
    t.deepEqual((await listClasses(folder, {}, silent)).classes, ['ants']);
    await mkdir(join(folder, 'bees'));
    await symlink('nowhere.jpg', join(folder, 'bees/1.jpg'));
    await t.throwsAsync(listClasses(folder, {}, silent), { name: 'LostClassError' });
  });
});

test('where nothing at all is a picture, what was passed over is told first', async (t) => {
  await withFolder(async (folder) => {
    await fill(folder, ['ants/1.heic', 'bees/1.heic'], heic);
    const { warnings, reporter } = listening();
    await t.throwsAsync(listClasses(folder, {}, reporter), { name: 'FolderError' });
    t.is(warnings.length, 2);
  });
});

test('files of one reason are named up to ten, then counted', async (t) => {
  await withFolder(async (folder) => {
    await fill(folder, ['ants/1.jpg', ...Array.from({ length: 12 }, (_, i) => `ants/${i}.txt`)]);
    const { warnings, reporter } = listening();
    await listClasses(folder, {}, reporter);
    t.is(warnings.length, 11);
    t.is(warnings.at(-1), 'Passed over 2 more files: .txt is not the extension of a picture');
  });
});

test('a class of which no picture can be used is named', (t) => {
  const images = [0, 0, 1, 2].map((label, i) => ({ path: `${i}.jpg`, label }));
  const found = { folder: 'photos', classes: ['a', 'b', 'c', 'd'], images };
  t.notThrows(() => checkLost(found, [{ label: 0 }, { label: 1 }, { label: 2 }]));
  t.throws(() => checkLost(found, [{ label: 0 }]), { message: lostMessage("'b', 'c'", 'photos', 'folders') });
});

const hint = ({ train, held }: { train: string; held: string | undefined }) => `${train} and ${held}`;

test('a folder of splits is refused, with what to say instead', async (t) => {
  const received = async (...paths: string[]) =>
    withFolder(async (folder) => {
      await fill(
        folder,
        paths.map((path) => `my set/${path}`),
      );
      const found = await listClasses(join(folder, 'my set'), {}, silent);
      try {
        refuseSplits(found, hint);
        return null;
      } catch (error) {
        return (error as Error).message.replaceAll(folder, '').replace(/^.*Received: /, '');
      }
    });
  t.is(
    await received('train/ants/1.jpg', 'train/bees/1.jpg', 'val/ants/2.jpg', 'val/bees/2.jpg'),
    "/my set, whose sub-folders 'train', 'val' are splits of 'ants', 'bees'. Hint: '/my set/train' and '/my set/val'",
  );
  t.is(
    await received('Test/a/1.jpg', 'TRAINING/a/1.jpg', 'Validation/a/1.jpg', 'notes/1.jpg'),
    "/my set, whose sub-folders 'TRAINING', 'Validation', 'Test' are splits of 'a'. Hint: '/my set/TRAINING' and '/my set/Validation'",
  );
  t.is(
    await received('train/a/1.jpg', 'train/b/1.jpg'),
    "/my set, whose sub-folders 'train' are splits of 'a', 'b'. Hint: '/my set/train' and undefined",
  );
  // Classes that happen to be called so.
  t.is(await received('train/1.jpg', 'bus/1.jpg'), null);
  t.is(await received('train/1.jpg', 'test/1.jpg'), null);
  t.is(await received('train/red/1.jpg', 'bus/red/1.jpg'), null);
  t.is(await received('train/red/1.jpg', 'test/blue/1.jpg'), null);
});

test('train says which command to type for a folder of splits', async (t) => {
  await withFolder(async (folder) => {
    await fill(folder, ['train/a/1.jpg', 'train/b/1.jpg', 'val/a/1.jpg', 'val/b/1.jpg']);
    await t.throwsAsync(chooseClasses({ train: folder }, silent), {
      message: new RegExp(` Hint: use \`train\` ${folder}/train \`validation\` ${folder}/val\\.$`),
    });
    await t.throwsAsync(chooseClasses({ train: join(folder, 'train'), validation: folder }, silent), {
      message: new RegExp(` Hint: use \`validation\` ${folder}/val\\.$`),
    });
  });
});

test('folders that systems make for themselves are no classes, at any level', async (t) => {
  const system = [
    ...[
      '@eaDir',
      '#recycle',
      '$RECYCLE.BIN',
      'System Volume Information',
      'lost+found',
      '__MACOSX',
      '.trash',
    ],
  ];
  await withFolder(async (folder) => {
    await fill(folder, ['ants/1.jpg', 'bees/1.jpg']);
    await fill(
      folder,
      system.flatMap((name) => [`${name}/1.jpg`, `ants/${name}/1.jpg`]),
    );
    const { classes, images, warnings } = await listImages(folder);
    t.deepEqual(classes, ['ants', 'bees']);
    t.is(images.length, 2);
    t.deepEqual(warnings, []);
  });
});

test('names that differ in their encoding alone are one class, in one folder and in two', async (t) => {
  const [composed, decomposed] = ['Äpfel'.normalize('NFC'), 'Äpfel'.normalize('NFD')];
  t.not(composed, decomposed);
  await withFolder(async (folder) => {
    await fill(folder, [`a/${decomposed}/1.jpg`, 'a/Birnen/1.jpg', `b/${composed}/1.jpg`, 'b/Birnen/1.jpg']);
    const chosen = await chooseClasses({ train: join(folder, 'a'), validation: join(folder, 'b') }, silent);
    t.deepEqual(chosen.training.classes, ['Birnen', composed]);
    t.deepEqual(
      chosen.validation?.images.map(({ label }) => label),
      [0, 1],
    );
    // A model of before may know the class by its other name.
    const { images } = relabel(chosen.training, [decomposed, 'Birnen']);
    t.deepEqual(
      images.map(({ label }) => label),
      [1, 0],
    );
    await fill(folder, [`a/${composed}/2.jpg`]);
    const { classes, images: both, warnings } = await listImages(join(folder, 'a'));
    t.deepEqual(classes, ['Birnen', composed]);
    t.is(both.filter(({ label }) => label === 1).length, 2);
    t.deepEqual(warnings, []);
    const labels = join(folder, 'labels.txt');
    await writeFile(labels, `\uFEFF${decomposed}\r\nBirnen\n`);
    t.deepEqual(await readLabels(labels), [composed, 'Birnen']);
  });
});

test('a pipe in the place of a list of labels is refused, and nothing waits for it', async (t) => {
  await withFolder(async (folder) => {
    const pipe = join(folder, 'labels.txt');
    execFileSync('mkfifo', [pipe]);
    await t.throwsAsync(readLabels(pipe), {
      message: `Expected a file. Received: ${pipe}, neither a file nor a folder.`,
    });
  });
});
