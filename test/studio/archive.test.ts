import test from 'ava';
import { strToU8, unzipSync, zipSync } from 'fflate';
import {
  ArchiveError,
  readPictures,
  readProject,
  writeProject,
} from '../../src/web/studio/project-archive.js';
import { defaultSettings } from '../../src/web/studio/studio-protocol.js';

const picture = (name: string, text: string) => ({ name, blob: new Blob([text]) });
const textOf = async (blob: Blob) => blob.text();
const bytesOf = async (blob: Blob) => new Uint8Array(await blob.arrayBuffer());
const zip = (files: Record<string, string>) =>
  new Blob([
    zipSync(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)])),
    ) as Uint8Array<ArrayBuffer>,
  ]);

/** A project with what the pictures hold in place of the pictures. */
const read = async (file: Blob) => {
  const { classes, settings } = await readProject(file);
  const plain = classes.map(async ({ name, pictures }) => ({
    name,
    pictures: await Promise.all(pictures.map(async ({ name, blob }) => [name, await textOf(blob)])),
  }));
  return { settings, classes: await Promise.all(plain) };
};

test('a project opens as it was saved, whatever its names', async (t) => {
  const settings = { ...defaultSettings, epochs: 7, views: 4 };
  const classes = [
    { name: 'Katze/Hund', pictures: [picture('a.jpg', 'one'), picture('a.jpg', 'two')] },
    { name: 'Katze:Hund', pictures: [picture('../../etc', 'three')] },
    { name: '  ', pictures: [picture('', 'four')] },
    { name: 'さくら', pictures: [] },
  ];
  const file = await writeProject({ classes, settings });
  t.deepEqual(Object.keys(unzipSync(await bytesOf(file))), [
    'manifest.json',
    'pictures/Katze_Hund/a.jpg',
    'pictures/Katze_Hund/a-2.jpg',
    'pictures/Katze_Hund-2/__.._etc',
    'pictures/_/_',
  ]);
  t.deepEqual(await read(file), {
    settings,
    classes: [
      {
        name: 'Katze/Hund',
        pictures: [
          ['a.jpg', 'one'],
          ['a.jpg', 'two'],
        ],
      },
      { name: 'Katze:Hund', pictures: [['../../etc', 'three']] },
      { name: '  ', pictures: [['', 'four']] },
      { name: 'さくら', pictures: [] },
    ],
  });
});

test('folders of pictures open without a manifest', async (t) => {
  const file = zip({
    'my/cats/1.jpg': 'one',
    'my/dogs/2.jpg': 'two',
    'my/cats/3.jpg': 'three',
    'my/cats/.DS_Store': 'hidden',
    '__MACOSX/cats/1.jpg': 'hidden',
    'readme.txt': 'in no folder',
  });
  t.deepEqual(await read(file), {
    settings: defaultSettings,
    classes: [
      {
        name: 'cats',
        pictures: [
          ['1.jpg', 'one'],
          ['3.jpg', 'three'],
        ],
      },
      { name: 'dogs', pictures: [['2.jpg', 'two']] },
    ],
  });
});

for (const [what, file, message] of [
  ['no zip file', new Blob(['hello']), 'Expected a zip file. Received: 5 bytes that are none, or damaged.'],
  [
    'a zip file without folders',
    zip({ 'a.jpg': 'one' }),
    'Expected a folder of pictures for each class. Received: a zip file without folders.',
  ],
  [
    'a manifest of another program',
    zip({ 'manifest.json': '{"format":"other/1"}' }),
    "Expected a manifest that this studio wrote. Received: format 'other/1'.",
  ],
  [
    'a manifest that names a picture that is not there',
    zip({
      'manifest.json': JSON.stringify({
        format: 'ort-transfer-studio/1',
        classes: [{ name: 'cats', pictures: [{ name: 'a.jpg', path: 'pictures/cats/a.jpg' }] }],
      }),
    }),
    'Expected a manifest that this studio wrote. Received: no file pictures/cats/a.jpg.',
  ],
] as const)
  test(`refused: ${what}`, async (t) => {
    await t.throwsAsync(readProject(file), { instanceOf: ArchiveError, message });
  });

test('all pictures of a zip file are had without their folders', async (t) => {
  const file = zip({
    'manifest.json': '{}',
    'a.jpg': 'one',
    'cats/b.jpg': 'two',
    'cats/.DS_Store': 'hidden',
  });
  const pictures = (await readPictures(file)).map(async ({ name, blob }) => [name, await textOf(blob)]);
  t.deepEqual(await Promise.all(pictures), [
    ['a.jpg', 'one'],
    ['b.jpg', 'two'],
  ]);
  await t.throwsAsync(readPictures(new Blob(['hello'])), { instanceOf: ArchiveError });
});
