import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, normalize } from 'node:path';
import test from 'ava';

const source = new URL('../../src/', import.meta.url).pathname;

/** Rooms from the top down. `errors.ts` and the faces of the package (`index.ts`, `applications.ts`) stand outside. */
const floors = [
  ['cli', 'web'],
  ['transfer'],
  ['classifier'],
  ['keras'],
  ['platform'],
  ['engine', 'images'],
  ['graph'],
];
/** The rooms of `transfer`, from the top down. */
const transferFloors = [
  ['train', 'inspect'],
  ['convert'],
  ['evaluate'],
  ['predict', 'data'],
  ['features'],
  ['backbone-onnx'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import in `src`, types and threads included, as paths from there; packages and Node's modules by their name. */
const imports: Import[] = [];
const files = (await readdir(source, { recursive: true })).filter((entry) => entry.endsWith('.ts'));
for (const from of files) {
  const text = await readFile(join(source, from), 'utf8');
  const specifiers = [
    ...text.matchAll(/^(?:import|export)[^;'"]*? ?(?:from )?'([^']+)';/gms),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
    ...text.matchAll(/new URL\('(\.[^']+\.js)', import\.meta\.url\)/g),
  ];
  for (const [, to = ''] of specifiers)
    imports.push({
      from,
      to: to.startsWith('.') ? normalize(join(dirname(from), to)).replace(/\.js$/, '.ts') : to,
    });
}
const roomOf = (path: string) => path.split('/')[0];
const floorOf = (path: string) => floors.findIndex((rooms) => rooms.includes(roomOf(path) ?? ''));
const transferFloorOf = (path: string) =>
  transferFloors.findIndex((rooms) => rooms.includes(path.split('/')[1] ?? ''));

/** Files that can be reached from others, with what `#platform` stands for there. */
function reachedFrom(starts: readonly string[], platform: string): Set<string> {
  const reached = new Set(starts);
  for (const file of reached)
    for (const { from, to } of imports) if (from === file) reached.add(to === '#platform' ? platform : to);
  return reached;
}

test('imports run one way', (t) => {
  t.true(imports.length > 300, `${imports.length} imports were found`);
  const upwards = imports.filter(({ from, to }) => {
    const [a, b] = [floorOf(from), floorOf(to)];
    return a >= 0 && b >= 0 && b < a;
  });
  t.deepEqual(upwards, []);
  const across = imports.filter(({ from, to }) => roomOf(from) === 'web' && roomOf(to) === 'transfer');
  t.deepEqual(across, []);
});

test('in transfer, a job asks the rooms below it alone', (t) => {
  const within = imports.filter(({ from, to }) => roomOf(from) === 'transfer' && roomOf(to) === 'transfer');
  t.true(within.length > 30);
  const upwards = within.filter(({ from, to }) => {
    const [a, b] = [transferFloorOf(from), transferFloorOf(to)];
    return b >= 0 && (a < 0 || b < a);
  });
  t.deepEqual(upwards, []);
});

test('no file reaches itself, types included', (t) => {
  const circles = files.filter((file) => {
    const next = imports.filter(({ from }) => from === file).map(({ to }) => to);
    return reachedFrom(next, 'platform/node.ts').has(file);
  });
  t.deepEqual(circles, []);
});

test('the platform is entered through its door alone', (t) => {
  const aside = imports.filter(({ from, to }) => roomOf(from) !== 'platform' && roomOf(to) === 'platform');
  t.deepEqual(aside, []);
  const between = imports.filter(
    ({ from, to }) =>
      (from.startsWith('platform/node') && to.startsWith('platform/web')) ||
      (from.startsWith('platform/web') && to.startsWith('platform/node')),
  );
  t.deepEqual(between, []);
});

test('what a page needs imports nothing from Node', (t) => {
  const pageSafe = files.filter(
    (file) =>
      ['web', 'classifier', 'keras', 'images', 'graph'].includes(roomOf(file) ?? '') ||
      file.startsWith('platform/web'),
  );
  const reached = [...reachedFrom(pageSafe, 'platform/web.ts')];
  t.true(reached.length > 200);
  t.deepEqual(
    reached.filter((name) => /^(node:|onnxruntime-node|sharp|jimp)/.test(name)),
    [],
  );
});

test('documents name files that exist', async (t) => {
  const root = new URL('../../', import.meta.url).pathname;
  const decisions = (await readdir(join(root, 'docs/adr'))).map((name) => join('docs/adr', name));
  const pages = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const documents = [
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'README.md',
    ...pages.map((name) => join('docs', name)),
  ];
  const missing: string[] = [];
  let named = 0;
  for (const document of [...documents, ...decisions]) {
    const text = await readFile(join(root, document), 'utf8');
    const paths = [
      ...text.matchAll(/`((?:src|test|tools|docs)\/[^`\s]+)`/g),
      // Links begin where the document lies.
      ...Array.from(text.matchAll(/\]\(([^():#]+)\)/g), ([, path = '']) => [
        '',
        join(dirname(document), path),
      ]),
      ...Array.from(text.matchAll(/node dist\/([\w/-]+)\.js/g), ([, path]) => ['', `${path}.ts`]),
      // The pages name tests by area and file.
      ...Array.from(text.matchAll(/\(`([a-z]+\/[a-z-]+)`\)/g), ([, path]) => ['', `test/${path}.test.ts`]),
    ];
    for (const [, path = ''] of paths) {
      named++;
      if (!existsSync(join(root, path))) missing.push(`${document}: ${path}`);
    }
  }
  t.deepEqual(missing, []);
  t.true(named > 80, `${named} paths`);
});

test('one file each knows onnx-proto and h5wasm', (t) => {
  const users = (name: string) =>
    [
      ...new Set(
        imports.filter(({ to }) => to === name || to.startsWith(`${name}/`)).map(({ from }) => from),
      ),
    ].sort();
  t.deepEqual(users('onnx-proto'), ['graph/onnx.ts']);
  t.deepEqual(users('h5wasm'), ['keras/saving/hdf5.ts']);
});

test('a file name says which file is meant', (t) => {
  /** Faces of folders, and Keras's own modules, which are called as Keras calls them. */
  const named = (path: string) => basename(path) !== 'index.ts' && path !== 'keras/preprocessing/image.ts';
  const twice = new Map<string, string[]>();
  for (const file of files.filter(named))
    twice.set(basename(file), [...(twice.get(basename(file)) ?? []), file]);
  const unclear = [...twice.values()].filter((paths) => {
    if (paths.length < 2) return false;
    const halves = paths.every((path) => /^platform\/(node|web)\//.test(path));
    const jobs = paths.length === 2 && paths.some((path) => path.startsWith('cli/commands/'));
    return !halves && !jobs;
  });
  t.deepEqual(unclear, []);
});
