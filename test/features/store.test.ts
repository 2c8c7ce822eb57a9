import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { FeatureStore } from '../../src/transfer/features/store.js';

const test = anyTest as TestFn<{ folder: string }>;
test.beforeEach(async (t) => {
  t.context = { folder: await mkdtemp(join(tmpdir(), 'ort-transfer-store-')) };
});
test.afterEach.always(({ context: { folder } }) => rm(folder, { recursive: true, force: true }));

const row = (value: number) => Float32Array.of(value, value + 0.5, -value);

test('rows are there again when the store is opened anew', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  for (let i = 0; i < 300; i++) await store.set(`key ${i}`, row(i));
  await store.flush();
  const again = await FeatureStore.open(t.context.folder, 3);
  for (let i = 0; i < 300; i++) t.deepEqual(again.get(`key ${i}`), row(i));
  t.is(again.get('key 300'), undefined);
});

test('a killed run keeps every part that it had written', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  for (let i = 0; i < 300; i++) await store.set(`key ${i}`, row(i));
  // No flush: the process is gone.
  const again = await FeatureStore.open(t.context.folder, 3);
  t.deepEqual(again.get('key 255'), row(255));
  t.is(again.get('key 256'), undefined);
});

test('a part that is damaged is left out, and the others are used', async (t) => {
  const { folder } = t.context;
  const store = await FeatureStore.open(folder, 3);
  const parts: string[] = [];
  for (const part of [0, 1, 2]) {
    await store.set(`key ${part}`, row(part));
    await store.flush();
    parts.push(...(await partsOf(folder)).filter((name) => !parts.includes(name)));
  }
  await truncate(join(folder, `${parts[0]}.npy`), 100);
  await writeFile(join(folder, `${parts[1]}.json`), '{"keys": [');
  const again = await FeatureStore.open(folder, 3);
  t.is(again.get('key 0'), undefined);
  t.is(again.get('key 1'), undefined);
  t.deepEqual(again.get('key 2'), row(2));
  await again.set('key 0', row(0));
  await again.flush();
  t.deepEqual((await FeatureStore.open(folder, 3)).get('key 0'), row(0));
});

test('a store of another width is not mistaken for this one', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  await store.set('key', row(1));
  await store.flush();
  t.is((await FeatureStore.open(t.context.folder, 4)).get('key'), undefined);
});

test('nothing temporary is left beside the parts', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  await store.set('key', row(1));
  await store.flush();
  const [part] = await partsOf(t.context.folder);
  t.deepEqual((await readdir(t.context.folder)).sort(), [`${part}.json`, `${part}.npy`]);
});

test('two runs that write to one folder at once lose nothing and mix nothing up', async (t) => {
  const { folder } = t.context;
  const stores = [await FeatureStore.open(folder, 3), await FeatureStore.open(folder, 3)];
  for (let i = 0; i < 40; i++)
    await Promise.all(
      stores.map(async (store, run) => {
        await store.set(`key ${i} of ${run}`, row(100 * i + run));
        await store.flush();
      }),
    );
  const again = await FeatureStore.open(folder, 3);
  for (let i = 0; i < 40; i++)
    for (const run of stores.keys()) t.deepEqual(again.get(`key ${i} of ${run}`), row(100 * i + run));
});

test('what was computed is on disk after a while, however little it is', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  await store.set('early', row(1));
  await setTimeout(2100);
  await store.set('late', row(2));
  const again = await FeatureStore.open(t.context.folder, 3);
  t.deepEqual([again.get('early'), again.get('late')], [row(1), row(2)]);
});

test('a folder that nothing can be written to is told with the first row', async (t) => {
  const folder = join(t.context.folder, 'file');
  await writeFile(folder, '');
  const store = await FeatureStore.open(folder, 3);
  await t.throwsAsync(store.set('key', row(1)), {
    name: 'CacheError',
    message: `Expected a folder to keep features in. Received: ${folder}, it is not a folder. Hint: name another one with --cache or ORT_TRANSFER_CACHE.`,
  });
});

test('what a killed run left half-written is removed an hour later', async (t) => {
  const { folder } = t.context;
  for (const name of ['old.npy.1.tmp', 'new.npy.2.tmp']) await writeFile(join(folder, name), 'half');
  const before = new Date(Date.now() - 2 * 3600e3);
  await utimes(join(folder, 'old.npy.1.tmp'), before, before);
  await FeatureStore.open(folder, 3);
  t.deepEqual(await readdir(folder), ['new.npy.2.tmp']);
});

/** The names of the parts in a folder, which are random. */
const partsOf = async (folder: string): Promise<string[]> => [
  ...new Set((await readdir(folder)).map((name) => name.replace(/\.[a-z]+$/, ''))),
];
