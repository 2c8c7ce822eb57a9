import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { FeatureStore } from '../../src/transfer/features/store.js';

/** More rows than are held without an index. */
const many = 5000;
const row = (value: number) => Float32Array.of(value, value + 0.5, -value);
const keyOf = (i: number) => `key ${i}`;
const keys = Array.from({ length: many }, (_, i) => keyOf(i));

const test = anyTest as TestFn<{ folder: string; index: string }>;
test.beforeEach(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-index-'));
  t.context = { folder, index: join(folder, 'rows.index') };
  await fill(folder, 0, many);
});
test.afterEach.always(({ context: { folder } }) => rm(folder, { recursive: true, force: true }));

async function fill(folder: string, from: number, to: number): Promise<void> {
  const store = await FeatureStore.open(folder, 3);
  for (let i = from; i < to; i++) await store.set(keyOf(i), row(i), { faces: i % 5, flat: i % 2 === 0 });
  await store.flush();
  store.close();
}

/** Reads all rows, and some that are not there. @returns those that are right, and the places of the missing */
async function readAll(store: FeatureStore, wanted: readonly string[]) {
  const right = new Set<number>();
  const wrong: number[] = [];
  const missing = await store.read(wanted, (place, found, { faces, flat }) => {
    const i = Number(wanted[place]?.slice(4));
    const isRight = String(found) === String(row(i)) && faces === i % 5 && flat === (i % 2 === 0);
    if (isRight && !right.has(place)) right.add(place);
    else wrong.push(place);
  });
  return { right: right.size, wrong, missing };
}

const everyFew = (length: number, step: number) => Array.from({ length }, (_, i) => i * step);

test('the next run writes an index, and finds all rows by it', async (t) => {
  const { folder, index } = t.context;
  const first = await FeatureStore.open(folder, 3);
  t.truthy(await readFile(index));
  first.close();
  const store = await FeatureStore.open(folder, 3);
  t.deepEqual(await readAll(store, ['key 70000', ...keys, 'key -1']), {
    right: many,
    wrong: [],
    missing: [0, many + 1],
  });
  t.deepEqual(store.find(keyOf(4321)), { row: row(4321), faces: 1, flat: false });
  t.false(store.has(keyOf(many)));
  store.close();
});

test('with an index, opening reads no part', async (t) => {
  const { folder } = t.context;
  (await FeatureStore.open(folder, 3)).close();
  const manifests = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  for (const name of manifests) await writeFile(join(folder, name), 'nothing to read');
  const store = await FeatureStore.open(folder, 3);
  t.true(keys.every((key) => store.has(key)));
  // When they are read, they are found out.
  t.is((await readAll(store, keys)).missing.length, many);
  t.false(store.has(keyOf(1)));
  t.deepEqual(await readdir(folder), ['rows.index']);
  store.close();
});

test('rows that are computed anew take the place of damaged ones that the index names', async (t) => {
  const { folder } = t.context;
  (await FeatureStore.open(folder, 3)).close();
  const [name = ''] = (await readdir(folder)).filter((entry) => entry.endsWith('.npy'));
  await truncate(join(folder, name), 200);
  const store = await FeatureStore.open(folder, 3);
  const { missing } = await readAll(store, keys);
  t.is(missing.length, 256);
  for (const place of missing)
    await store.set(keyOf(place), row(place), { faces: place % 5, flat: place % 2 === 0 });
  await store.flush();
  t.deepEqual(await readAll(store, keys), { right: many, wrong: [], missing: [] });
  store.close();
  const again = await FeatureStore.open(folder, 3);
  t.deepEqual(await readAll(again, keys), { right: many, wrong: [], missing: [] });
  again.close();
});

test('an index grows with the cache, and leaves out what was removed', async (t) => {
  const { folder, index } = t.context;
  (await FeatureStore.open(folder, 3)).close();
  const { length } = await readFile(index);
  const gone = (await readdir(folder)).filter((name) => name.endsWith('.json'))[0]?.slice(0, -5) ?? '';
  for (const kind of ['json', 'npy']) await rm(join(folder, `${gone}.${kind}`));
  await fill(folder, many, 2 * many);
  const store = await FeatureStore.open(folder, 3);
  const rows = 2 * many - 256;
  const { right, wrong, missing } = await readAll(
    store,
    Array.from({ length: 2 * many }, (_, i) => keyOf(i)),
  );
  t.deepEqual([right, wrong.length, missing.length], [rows, 0, 256]);
  t.true((await readFile(index)).length > 1.5 * (length - 4 * 65536));
  t.false((await readFile(index)).includes(gone));
  store.close();
});

const damages: Record<string, (bytes: Buffer) => Buffer> = {
  'cut off': (bytes) => bytes.subarray(0, bytes.length - 100),
  empty: () => Buffer.alloc(0),
  'of another kind': (bytes) => Buffer.from(bytes).fill('x', 0, 4),
  'a table of zeros': (bytes) => Buffer.from(bytes).fill(0, 16, 16 + 4 * 65536),
  'a table of large numbers': (bytes) => Buffer.from(bytes).fill(0xff, 16, 16 + 4 * 65536),
  'rows of zeros': (bytes) => Buffer.from(bytes).fill(0, 16 + 4 * 65536, 16 + 4 * 65536 + 24 * many),
  'other numbers of rows': (bytes) => {
    for (const i of everyFew(many, 1)) bytes[16 + 4 * 65536 + 24 * i + 20]! ^= 1;
    return bytes;
  },
  'other parts': (bytes) => {
    for (const i of everyFew(many / 2, 2)) bytes[16 + 4 * 65536 + 24 * i + 16]! ^= 1;
    return bytes;
  },
  'parts that do not exist': (bytes) => {
    for (const i of everyFew(many / 10, 10)) bytes[16 + 4 * 65536 + 24 * i + 19]! = 9;
    return bytes;
  },
};
for (const [name, damage] of Object.entries(damages))
  test(`a damaged index never gives a wrong row: ${name}`, async (t) => {
    const { folder, index } = t.context;
    (await FeatureStore.open(folder, 3)).close();
    await writeFile(index, damage(await readFile(index)));
    const store = await FeatureStore.open(folder, 3);
    const { right, wrong, missing } = await readAll(store, keys);
    t.deepEqual(wrong, []);
    // What is not found is computed anew.
    t.is(right + missing.length, many);
    for (const key of keys.slice(0, 300)) {
      const found = store.get(key);
      if (found) t.deepEqual(found, row(Number(key.slice(4))));
    }
    store.close();
    const parts = (await readdir(folder)).filter((entry) => entry.endsWith('.npy'));
    t.is(parts.length, Math.ceil(many / 256), 'no part is blamed for it');
  });

test('an index that names wrong rows is made anew at once', async (t) => {
  const { folder, index } = t.context;
  (await FeatureStore.open(folder, 3)).close();
  const sound = await readFile(index);
  await writeFile(index, damages['other numbers of rows']!(Buffer.from(sound)));
  const store = await FeatureStore.open(folder, 3);
  t.deepEqual(await readAll(store, keys), { right: many, wrong: [], missing: [] });
  store.close();
  t.is((await readFile(index)).length, sound.length);
});

test('what a killed run left of an index is removed, and what others write is not', async (t) => {
  const { folder } = t.context;
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const [left, growing] = [dead, process.ppid].map((pid) => `rows.index.${hostname()}.${pid}.tmp`);
  for (const name of [left, growing]) await writeFile(join(folder, name!), 'half');
  (await FeatureStore.open(folder, 3)).close();
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('rows.')),
    ['rows.index', growing],
  );
});
