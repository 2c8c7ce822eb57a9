import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { compareCodePoints } from '../../src/platform/compare-code-points.js';
import { compareClasses, findImages, listImages } from '../../src/platform/node/folder.js';
import { FolderError } from '../../src/platform/node/folder-error.js';

const test = anyTest as TestFn<{ folder: string }>;

test.beforeEach(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), 'folder-'));
});
test.afterEach.always((t) => rm(t.context.folder, { recursive: true, force: true }));

async function fill(folder: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), '');
  }
}

/** Paths below `folder`. */
const below = (folder: string, paths: readonly string[]) =>
  paths.map((path) => path.slice(folder.length + 1));

test('classes and files come in the order of their code points, sub-folders by path', async (t) => {
  const { folder } = t.context;
  await fill(
    folder,
    'b/2.png',
    'b/10.png',
    'b/sub/1.webp',
    'b/sub a/1.gif',
    'B/x.JPG',
    '猫/é.jpeg',
    '😀/1.bmp',
    'ﬀ/1.tif',
  );
  const { classes, images, skipped, warnings } = await listImages(folder);
  t.deepEqual(classes, ['B', 'b', '猫', 'ﬀ', '😀']);
  t.deepEqual(
    below(
      folder,
      images.map(({ path }) => path),
    ),
    ['B/x.JPG', 'b/10.png', 'b/2.png', 'b/sub/1.webp', 'b/sub a/1.gif', '猫/é.jpeg', 'ﬀ/1.tif', '😀/1.bmp'],
  );
  t.deepEqual(
    images.map(({ label }) => label),
    [0, 1, 1, 1, 1, 2, 3, 4],
  );
  t.deepEqual(skipped, []);
  t.deepEqual(warnings, ["The classes 'B' and 'b' have nearly the same name."]);
});

test('what is no picture by its name is passed over with a reason', async (t) => {
  const { folder } = t.context;
  await fill(
    folder,
    'a/1.png',
    'a/notes.txt',
    'a/README',
    'a/._1.png',
    'b/1.png',
    '.git/1.png',
    'b/Thumbs.db',
  );
  const { skipped, classes } = await listImages(folder);
  t.deepEqual(classes, ['a', 'b']);
  t.deepEqual(skipped.map(({ path, reason }) => `${below(folder, [path])}: ${reason}`).sort(), [
    '.git: hidden',
    'a/._1.png: hidden',
    'a/README: its name has no extension',
    'a/notes.txt: .txt is not the extension of a picture',
    'b/Thumbs.db: hidden',
  ]);
});

test('files that are not named like pictures are judged by their content', async (t) => {
  const { folder } = t.context;
  const jpeg = '\xff\xd8\xff\xe0\0\x10JFIF';
  const contents: Record<string, string> = {
    'a/IMG_0001': jpeg,
    'a/download.php': '\x89PNG\r\n\x1a\n\0\0\0\rIHDR',
    'a/photo.jpg_large': jpeg,
    'a/map.raster': 'P5\n# from a scanner\n4 3\n255\n',
    'a/scan.dat': 'BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0',
    'a/new.af': '\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf',
    'a/phone.HEIC': '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    'a/phone': '\0\0\0\x18ftypmif1\0\0\0\0mif1heic',
    'a/web.jxl': '\xff\x0a\xfa\x1f',
    'a/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'a/raw.NEF': 'MM\0*\0\0\0\x08',
    'a/P1.txt': 'P1 and P2 are two points, 4 3 5\n',
    'a/BMW.txt': 'BMW, a maker of cars in Munich',
    'a/film.mp4': '\0\0\0\x18ftypmp42\0\0\0\0isommp42',
    'a/empty': '',
  };
  await mkdir(join(folder, 'a'));
  for (const [path, content] of Object.entries(contents))
    await writeFile(join(folder, path), Buffer.from(content, 'latin1'));
  const { paths, skipped } = await findImages(folder);
  t.deepEqual(below(folder, paths), [
    'a/IMG_0001',
    'a/download.php',
    'a/map.raster',
    'a/new.af',
    'a/photo.jpg_large',
    'a/scan.dat',
  ]);
  t.deepEqual(skipped.map(({ path, reason }) => `${below(folder, [path])}: ${reason}`).sort(), [
    'a/BMW.txt: .txt is not the extension of a picture',
    'a/P1.txt: .txt is not the extension of a picture',
    'a/empty: its name has no extension',
    'a/film.mp4: .mp4 is not the extension of a picture',
    'a/logo.svg: an SVG drawing, which is not read; convert it to JPEG or PNG',
    'a/phone.HEIC: a HEIC picture, which is not read; convert it to JPEG or PNG',
    'a/phone: a HEIC picture, which is not read; convert it to JPEG or PNG',
    "a/raw.NEF: a camera's raw file; convert it to JPEG or PNG",
    'a/web.jxl: a JPEG XL picture, which is not read; convert it to JPEG or PNG',
  ]);
});

test('empty classes, a single class and loose pictures are warned of', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png', 'empty/x.txt', 'loose.png');
  const { classes, warnings } = await listImages(folder);
  t.deepEqual(classes, ['a']);
  t.deepEqual(warnings, [
    "The class 'empty' has no pictures and is left out.",
    "'a' is the only class: there is nothing to tell it from.",
    `1 picture in ${folder} itself belongs to no class.`,
  ]);
});

test('classes that are asked for keep their order and their emptiness', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png', 'b/1.png', 'c/x.txt');
  const { classes, images, warnings } = await listImages(folder, { classes: ['c', 'b', 'a'] });
  t.deepEqual(classes, ['c', 'b', 'a']);
  t.deepEqual(
    images.map(({ label }) => label),
    [1, 2],
  );
  t.deepEqual(warnings, ["The class 'c' has no pictures and is empty."]);
  await t.throwsAsync(listImages(folder, { classes: ['a', 'z'] }), {
    instanceOf: FolderError,
    message: `Expected a folder with one sub-folder of pictures per class. Received: ${folder}, which lacks 'z'. Hint: it has 'a', 'b', 'c'.`,
  });
});

test('folders without pictures to learn from say what they have instead', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'flat/1.png', 'flat/2.png', 'text/1.txt', 'none/a/1.txt', 'none/b/1.txt');
  await mkdir(join(folder, 'void'));
  const start = 'Expected a folder with one sub-folder of pictures per class. Received:';
  const messages: Record<string, string> = {
    nowhere: 'which does not exist.',
    'flat/1.png': 'which is a file.',
    flat: `which has 2 pictures and no sub-folders. Hint: move the pictures of each class to a sub-folder with its name, like ${folder}/flat/cat/.`,
    text: 'which has 1 other file only.',
    void: 'which is empty.',
    none: `whose 2 sub-folders hold no pictures. Hint: 2 files were passed over; ${folder}/none/a/1.txt: .txt is not the extension of a picture.`,
  };
  for (const [name, message] of Object.entries(messages)) {
    const path = join(folder, name);
    await t.throwsAsync(
      listImages(path),
      { instanceOf: FolderError, message: `${start} ${path}, ${message}` },
      name,
    );
  }
});

test('a class does not take in the others by a link to the folder that holds them all', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png', 'b/2.png');
  await symlink(folder, join(folder, 'a', 'up'));
  await symlink(folder, join(folder, 'c'));
  const { classes, images, skipped } = await listImages(folder);
  t.deepEqual(classes, ['a', 'b']);
  t.is(images.length, 2);
  const reason = 'a link back to a folder that it lies in';
  t.deepEqual(skipped, [
    { path: join(folder, 'a', 'up'), reason },
    { path: join(folder, 'c'), reason },
  ]);
});

test('links are followed, but not in circles', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png', 'elsewhere/2.png');
  await symlink(join(folder, 'elsewhere'), join(folder, 'a', 'linked'));
  await symlink(join(folder, 'a'), join(folder, 'a', 'circle'));
  await symlink(join(folder, 'a', '1.png'), join(folder, 'a', 'also.png'));
  await symlink(join(folder, 'gone.png'), join(folder, 'a', 'broken.png'));
  const { paths, skipped } = await findImages(join(folder, 'a'));
  t.deepEqual(below(folder, paths), ['a/1.png', 'a/also.png', 'a/linked/2.png']);
  t.deepEqual(skipped.map(({ path, reason }) => `${below(folder, [path])}: ${reason}`).sort(), [
    'a/broken.png: a link that leads nowhere',
    'a/circle: a link back to a folder that it lies in',
  ]);
  const unlinked = await findImages(join(folder, 'a'), { followLinks: false });
  t.deepEqual(below(folder, unlinked.paths), ['a/1.png', 'a/also.png']);
});

test('names that are not UTF-8 are passed over', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png');
  const name = Buffer.concat([
    Buffer.from(join(folder, 'a/')),
    Buffer.from([0xe9, 0xff]),
    Buffer.from('.png'),
  ]);
  try {
    await writeFile(name, '');
  } catch (error) {
    t.log(`this file system takes UTF-8 alone: ${error}`);
  }
  const { paths, skipped } = await findImages(folder);
  t.deepEqual(below(folder, paths), ['a/1.png']);
  for (const { reason } of skipped) t.is(reason, 'its name is not UTF-8; rename it');
});

test('folders that may not be read are told, not fatal', async (t) => {
  const { folder } = t.context;
  await fill(folder, 'a/1.png', 'a/secret/2.png', 'b/1.png', 'c/1.png');
  const closed = ['a/secret', 'c'].map((name) => join(folder, name));
  for (const path of closed) await chmod(path, 0);
  if (process.getuid?.() === 0) t.log('root may read every folder');
  else {
    const { images, skipped, warnings } = await listImages(folder);
    t.is(images.length, 2);
    t.deepEqual(
      skipped,
      closed.map((path) => ({ path, reason: 'which may not be read' })),
    );
    t.deepEqual(warnings, ["The class 'c' has no pictures and is left out."]);
  }
  for (const path of closed) await chmod(path, 0o700);
  t.is((await listImages(folder)).images.length, 4);
});

test('classes that only one of two folders has are told', (t) => {
  t.deepEqual(compareClasses(['a', 'b'], ['b', 'c'], 'test'), [
    "The class 'c' is in test alone: the model cannot know it.",
    "The class 'a' has no pictures in test: nothing is known of how well it does.",
  ]);
  t.deepEqual(compareClasses(['a'], ['a']), []);
});

test('strings are ordered as Python orders them', (t) => {
  t.deepEqual(['b', '😀', 'ﬀ', 'a', 'aa', '', 'B'].sort(compareCodePoints), [
    '',
    'B',
    'a',
    'aa',
    'b',
    'ﬀ',
    '😀',
  ]);
});
