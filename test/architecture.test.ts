import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import test from 'ava';

const source = new URL('../../src/', import.meta.url).pathname;

/** Folders from the top down; `platform` and `engine` are asked for by name, whoever asks. */
const layers = [
  ['cli', 'web'],
  ['transfer'],
  ['features'],
  ['keras'],
  ['graph', 'engine', 'images', 'platform'],
];
const levelOf = (folder: string) => layers.findIndex((layer) => layer.includes(folder));

/** Every import in `src`, as paths from there; packages and Node's modules by their name. */
const imports: { from: string; to: string }[] = [];
for (const entry of await readdir(source, { recursive: true })) {
  if (!entry.endsWith('.ts')) continue;
  const text = await readFile(join(source, entry), 'utf8');
  for (const [, to] of text.matchAll(/^(?:import|export)[^;'"]*? ?(?:from )?'([^']+)';/gms))
    imports.push({
      from: entry,
      to: to!.startsWith('.') ? normalize(relative(source, join(source, dirname(entry), to!))) : to!,
    });
}
const folderOf = (path: string) => path.split('/')[0]!;

test('imports run one way', (t) => {
  t.true(imports.length > 300, `${imports.length} imports were found`);
  const upwards = imports.filter(({ from, to }) => {
    const [a, b] = [levelOf(folderOf(from)), levelOf(folderOf(to))];
    return a >= 0 && b >= 0 && b < a;
  });
  t.deepEqual(upwards, []);
});

test('what a page needs imports nothing from Node', (t) => {
  const forPages = (path: string) =>
    ['keras', 'graph', 'web'].includes(folderOf(path)) || path.startsWith('platform/web');
  const offences = imports.filter(
    ({ from, to }) => forPages(from) && /^(node:|onnxruntime-node|sharp|jimp)/.test(to),
  );
  t.deepEqual(offences, []);
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
