import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
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
  let time = 0;
  const store = await FeatureStore.open(t.context.folder, 3, { now: () => time });
  await store.set('early', row(1));
  time = 1999;
  await store.set('in time', row(2));
  t.deepEqual(await partsOf(t.context.folder), []);
  time = 2000;
  await store.set('late', row(3));
  const again = await FeatureStore.open(t.context.folder, 3);
  t.deepEqual([again.get('early'), again.get('in time'), again.get('late')], [row(1), row(2), row(3)]);
});

test('what is known of a picture stands beside its row', async (t) => {
  const store = await FeatureStore.open(t.context.folder, 3);
  await store.set('a', row(1), { faces: 2, flat: false });
  await store.set('b', row(2), { faces: null, flat: true });
  await store.flush();
  const again = await FeatureStore.open(t.context.folder, 3);
  t.deepEqual(again.find('a'), { row: row(1), faces: 2, flat: false });
  t.deepEqual(again.find('b'), { row: row(2), faces: null, flat: true });
});

/** Damages to a part, given as its files' bytes, that still look like a part. */
const damages: Record<
  string,
  (files: { npy: Buffer; json: Buffer }, other: { npy: Buffer; json: Buffer }) => void
> = {
  'a flipped bit in a row': ({ npy }) => {
    npy[npy.length - 2]! ^= 1;
  },
  'rows of zeros': ({ npy }) => {
    npy.fill(0, 128);
  },
  'NaN in a row': ({ npy }) => {
    npy.writeFloatLE(Number.NaN, npy.length - 8);
  },
  'keys that changed places': ({ json }) => {
    json.write(
      json.toString().replaceAll('key a', 'key ?').replaceAll('key b', 'key a').replaceAll('key ?', 'key b'),
    );
  },
  'a flipped bit in a key': ({ json }) => {
    json[json.indexOf('key a') + 4]! ^= 2;
  },
  'another number of faces': ({ json }) => {
    json.write(json.toString().replace('"faces":1', '"faces":0'));
  },
  'the rows of another part': (files, other) => {
    files.npy.set(other.npy);
  },
  'the keys of another part': (files, other) => {
    files.json.set(other.json);
  },
};
for (const [name, damage] of Object.entries(damages))
  test(`a damaged part is found out and removed: ${name}`, async (t) => {
    const { folder } = t.context;
    const store = await FeatureStore.open(folder, 3);
    const facts = { faces: 1, flat: false };
    for (const [i, key] of ['a', 'b'].entries()) await store.set(`key ${key}`, row(i + 1), facts);
    await store.flush();
    const [part] = await partsOf(folder);
    for (const [i, key] of ['c', 'd'].entries()) await store.set(`key ${key}`, row(i + 3), facts);
    await store.flush();
    const [other] = (await partsOf(folder)).filter((name) => name !== part);
    const read = async (name?: string) => ({
      npy: await readFile(join(folder, `${name}.npy`)),
      json: await readFile(join(folder, `${name}.json`)),
    });
    const files = await read(part);
    damage(files, await read(other));
    for (const [kind, bytes] of Object.entries(files))
      await writeFile(join(folder, `${part}.${kind}`), bytes);
    const again = await FeatureStore.open(folder, 3);
    const found = ['a', 'b', 'c', 'd'].map((key) => again.get(`key ${key}`));
    t.deepEqual(found, [undefined, undefined, row(3), row(4)]);
    t.deepEqual(await partsOf(folder), [other]);
  });

test('a part that was made for other weights is not taken', async (t) => {
  const [one, two] = [join(t.context.folder, 'one'), join(t.context.folder, 'two')];
  const store = await FeatureStore.open(one, 3);
  await store.set('key', row(1));
  await store.flush();
  await cp(one, two, { recursive: true });
  t.is((await FeatureStore.open(two, 3)).get('key'), undefined);
  t.deepEqual((await FeatureStore.open(one, 3)).get('key'), row(1));
});

test('a folder that nothing can be written to is told with the first row', async (t) => {
  const folder = join(t.context.folder, 'file');
  await writeFile(folder, '');
  const store = await FeatureStore.open(folder, 3);
  await t.throwsAsync(store.set('key', row(1)), {
    name: 'CacheError',
    message: `Expected a folder to keep features in. Received: ${folder}, it is not a folder. Hint: name another one with \`cache\`.`,
  });
});

test('what a killed run left half-written is removed an hour later', async (t) => {
  const { folder } = t.context;
  for (const name of ['old.npy.1.tmp', 'new.npy.2.tmp', 'elsewhere.1.old.npy', 'elsewhere.1.new.npy'])
    await writeFile(join(folder, name), 'half');
  const before = new Date(Date.now() - 2 * 3600e3);
  for (const name of ['old.npy.1.tmp', 'elsewhere.1.old.npy'])
    await utimes(join(folder, name), before, before);
  await FeatureStore.open(folder, 3);
  t.deepEqual(await readdir(folder), ['elsewhere.1.new.npy', 'new.npy.2.tmp']);
});

test('what a process of this machine left behind is removed once it is no more', async (t) => {
  const { folder } = t.context;
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const remains = (pid: number) => [
    `${hostname()}.${pid}.a.npy`,
    `${hostname()}.${pid}.b.json`,
    `${hostname()}.${pid}.c.npy.${pid}.tmp`,
  ];
  const alive = [process.pid, process.ppid].flatMap(remains);
  for (const name of [...alive, ...remains(dead), 'notes.txt']) await writeFile(join(folder, name), 'half');
  await FeatureStore.open(folder, 3);
  t.deepEqual((await readdir(folder)).sort(), [...alive, 'notes.txt'].sort());
});

/** The names of the parts in a folder, which are random. */
const partsOf = async (folder: string): Promise<string[]> => [
  ...new Set((await readdir(folder)).map((name) => name.replace(/\.(npy|json)$/, ''))),
];
