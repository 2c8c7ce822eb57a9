import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { pruneCache } from '../../src/transfer/features/cache-stores.js';
import { FeatureStore } from '../../src/transfer/features/store.js';
import { run } from './command.js';

const test = anyTest as TestFn<{ cache: string }>;
const day = 86_400e3;
const now = new Date('2026-05-01T12:00:00Z');
const before = (days: number) => new Date(now.getTime() - days * day);

/** Two stores: one of two parts, read 10 and 50 days ago, one of a part of 100 days ago. */
test.beforeEach(async (t) => {
  const cache = await mkdtemp(join(tmpdir(), 'ort-transfer-cache-'));
  t.context = { cache };
  for (const [name, ages] of [
    ['0123456789abcdef', [10, 50]],
    ['fedcba9876543210', [100]],
  ] as const) {
    const folder = join(cache, name);
    const store = await FeatureStore.open(folder, 8);
    const seen = new Set<string>();
    for (const age of ages) {
      for (let i = 0; i < age; i++) await store.set(`${age} ${i}`, new Float32Array(8).fill(i));
      await store.flush();
      for (const file of await readdir(folder)) {
        if (seen.has(file)) continue;
        seen.add(file);
        await utimes(join(folder, file), before(age), before(age));
      }
    }
  }
  await writeFile(join(cache, 'notes.txt'), 'mine');
});
test.afterEach.always(({ context: { cache } }) => rm(cache, { recursive: true, force: true }));

const filesOf = async (cache: string, store: string): Promise<number> =>
  (await readdir(join(cache, store)).catch(() => [])).length;

test('ls and size tell what is there', async (t) => {
  const { cache } = t.context;
  await writeFile(
    join(cache, '0123456789abcdef/about.txt'),
    JSON.stringify({ preprocessing: { size: [224, 160], crop: 'face' }, backbone: 'x', decoder: [1] }),
  );
  const ls = await run('ort-transfer', ['cache', 'ls', '--cache', cache]);
  t.regex(
    ls.stdout,
    /^fedcba9876543210 {2}100 × 8, \d+\.\d kB, used 2026-01-21\n0123456789abcdef {2}60 × 8, \d+\.\d kB, used 2026-04-21 \(224 × 160, crop face\)\n$/,
  );
  const size = JSON.parse((await run('ort-transfer', ['cache', 'size', '--cache', cache, '--json'])).stdout);
  t.is(size.rows, 160);
  t.is(size.networks, 2);
  t.true(size.bytes > 160 * 8 * 4 && size.bytes < 40e3, `${size.bytes}`);
  const none = await run('ort-transfer', ['cache', 'ls', '--cache', join(cache, 'none')]);
  t.is(none.stdout, `${join(cache, 'none')}: nothing\n`);
});

test('prune removes what was not used for so many days', async (t) => {
  const { cache } = t.context;
  const told = await pruneCache(cache, { unusedDays: 40, dryRun: true, now });
  t.is(told.parts, 2);
  t.is(await filesOf(cache, '0123456789abcdef'), 4);
  t.deepEqual(await pruneCache(cache, { unusedDays: 40, now }), told);
  t.is(await filesOf(cache, '0123456789abcdef'), 2);
  t.deepEqual((await readdir(cache)).sort(), ['0123456789abcdef', 'notes.txt']);
  const store = await FeatureStore.open(join(cache, '0123456789abcdef'), 8);
  t.true(store.has('10 0'));
  t.false(store.has('50 0'));
});

test('prune removes the longest unused until the rest is small enough', async (t) => {
  const { cache } = t.context;
  const { bytes } = await pruneCache(cache, { maxBytes: 0, dryRun: true, now });
  t.is((await pruneCache(cache, { maxBytes: bytes, now })).parts, 0);
  const { parts, left } = await pruneCache(cache, { maxBytes: bytes - 1, now });
  t.is(parts, 1);
  t.true(left < bytes);
  t.is(await filesOf(cache, 'fedcba9876543210'), 0);
  t.is(await filesOf(cache, '0123456789abcdef'), 4);
});

test('a part that is read counts as used', async (t) => {
  const { cache } = t.context;
  const store = await FeatureStore.open(join(cache, 'fedcba9876543210'), 8);
  t.is(store.get('100 7')?.[0], 7);
  await pruneCache(cache, { unusedDays: 40, now });
  t.is(await filesOf(cache, 'fedcba9876543210'), 2);
});

test('prune wants to know what to remove', async (t) => {
  const { cache } = t.context;
  const mistakes: [string[], string][] = [
    [[], 'error: Expected --unused-days or --max-size. Received: neither.\n'],
    [['--max-size', 'much'], 'error: Expected --max-size like 500MB or 20GB. Received: much.\n'],
    [['--unused-days', '-1'], 'error: Expected --unused-days from 0. Received: -1.\n'],
  ];
  for (const [args, words] of mistakes) {
    const { code, stderr } = await run('ort-transfer', ['cache', 'prune', '--cache', cache, ...args]);
    t.is(code, 2);
    t.true(stderr.startsWith(words), stderr);
  }
  await t.throwsAsync(pruneCache(cache, {}), { name: 'ValueError' });
  t.is(await filesOf(cache, '0123456789abcdef'), 4);
});
