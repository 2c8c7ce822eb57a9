import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { FeatureStore } from '../../src/features/store.js';

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
  for (const part of [0, 1, 2]) {
    await store.set(`key ${part}`, row(part));
    await store.flush();
  }
  await truncate(join(folder, '0.npy'), 100);
  await writeFile(join(folder, '1.json'), '{"keys": [');
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
  t.deepEqual((await readdir(t.context.folder)).sort(), ['0.json', '0.npy']);
});
