import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { Queue, QueueEvents } from 'bullmq';
import sharp from 'sharp';
import { drawPatterns } from '../cli/pictures.js';
import { TestRedis, whyNoRedis } from './redis.js';
import { Running } from './running.js';

interface Context {
  room: string;
  redis: TestRedis;
  /** Running workers and planners, ended when the tests are. */
  running: Running[];
}

const missing = whyNoRedis();
if (missing) console.log(`The queue is not tested: ${missing}.`);
const anyQueueTest = anyTest as TestFn<Context>;
const test = missing ? anyQueueTest.serial.skip : anyQueueTest.serial;

/** The network, small pictures of it, and 4 views: shards of 64 pictures. */
const settings = ['--crop', 'none', '--size', '128', '--provider', 'cpu', '--views', '4', '--seed', '3'];

if (!missing) {
  anyQueueTest.serial.before(async (t) => {
    const room = await mkdtemp(join(tmpdir(), 'ort-transfer-queue-'));
    const photos = join(room, 'photos');
    await drawPatterns(photos, 50, 1);
    const [first = ''] = (await readdir(photos, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    await writeFile(join(photos, first, 'broken.jpg'), 'no picture');
    const [picture = ''] = await readdir(join(photos, first));
    await copyFile(join(photos, first, picture), join(photos, first, 'z copy.png'));
    await mkdir(join(room, 'redis'));
    t.context = { room, redis: await TestRedis.start(join(room, 'redis')), running: [] };
    const alone = start(t, ['features', photos, ...settings, '--cache', join(room, 'alone')], 'alone-out');
    t.is(await alone.ended, 0, alone.stderr);
  });
  anyQueueTest.after.always(async ({ context }) => {
    for (const each of context.running ?? []) await each.kill();
    await context.redis?.kill();
    if (context.room) await rm(context.room, { recursive: true, force: true });
  });
}

function start({ context }: ExecutionContext<Context>, args: readonly string[], out?: string): Running {
  const more = out === undefined ? [] : ['--out', join(context.room, out)];
  const running = new Running([...args, ...more]);
  context.running.push(running);
  return running;
}

const worker = (t: ExecutionContext<Context>, cache: string, ...more: string[]): Running =>
  start(t, [
    ...['worker', '--queue', t.context.redis.address, '--cache', join(t.context.room, cache)],
    ...['--workers', '1', '--provider', 'cpu', '--lock-seconds', '2', ...more],
  ]);

const planner = (t: ExecutionContext<Context>, photos: string, cache: string, out: string): Running =>
  start(
    t,
    [
      ...['features', join(t.context.room, photos), ...settings],
      ...['--queue', t.context.redis.address, '--cache', join(t.context.room, cache)],
    ],
    out,
  );

/** All files of an output, with their SHA-256. */
async function filesOf(room: string, out: string): Promise<Record<string, string>> {
  const names = (await readdir(join(room, out))).sort();
  const hashes = names.map(async (name) => [
    name,
    createHash('sha256')
      .update(await readFile(join(room, out, name)))
      .digest('hex'),
  ]);
  return Object.fromEntries(await Promise.all(hashes));
}

/** How many rows lie in a cache, and how many of them are there more than once. */
async function rowsOf(cache: string): Promise<{ rows: number; twice: number }> {
  const keys: string[] = [];
  for (const name of await readdir(cache, { recursive: true }))
    if (name.endsWith('.json'))
      keys.push(
        ...JSON.parse(await readFile(join(cache, name), 'utf8')).rows.map(({ key }: { key: string }) => key),
      );
  return { rows: new Set(keys).size, twice: keys.length - new Set(keys).size };
}

test('two workers compute what one machine would, byte for byte, and each picture once', async (t) => {
  const { room, redis } = t.context;
  const workers = [worker(t, 'shared'), worker(t, 'shared')];
  await Promise.all(workers.map((each) => each.says(/Waiting for shards/)));
  const plan = planner(t, 'photos', 'shared', 'shared-out');
  t.is(await plan.ended, 0, plan.stderr);
  t.deepEqual(await filesOf(room, 'shared-out'), await filesOf(room, 'alone-out'));
  t.deepEqual(await rowsOf(join(room, 'shared')), { rows: 4 * 150, twice: 0 });
  t.regex(plan.stderr, /Computing together 152\/152/);
  for (const each of workers) t.is(await each.kill('SIGTERM'), 0, each.stderr);
  const computed = workers.map(({ stdout }) => Number(/, (\d+) photos computed/.exec(stdout)?.[1]));
  t.is(computed[0]! + computed[1]!, 150);
  for (const { stdout, stderr } of [...workers, plan])
    t.false(`${stdout}${stderr}`.includes(redis.password), 'the password is not printed');
});

test('workers have the photos and the cache where they like', async (t) => {
  const { room } = t.context;
  await cp(join(room, 'photos'), join(room, 'elsewhere'), { recursive: true });
  const plan = planner(t, 'photos', 'moved', 'moved-out');
  await plan.says(/pictures of 3 classes/);
  const each = worker(t, 'moved', '--source', join(room, 'elsewhere'), '--idle-seconds', '600');
  t.is(await plan.ended, 0, plan.stderr);
  t.deepEqual(await filesOf(room, 'moved-out'), await filesOf(room, 'alone-out'));
  t.is(await each.kill('SIGINT'), 0, each.stderr);
  t.regex(each.stdout, /150 photos computed/);
});

test('killed workers and a Redis that is killed lose nothing', async (t) => {
  const { room, redis } = t.context;
  const events = new QueueEvents('ort-transfer-features', {
    connection: { url: redis.address, maxRetriesPerRequest: null },
  });
  events.on('error', () => {});
  await events.waitUntilReady();
  const alive = new Set([worker(t, 'killed'), worker(t, 'killed')]);
  let kills = 0;
  let restarts = 0;
  let isBusy = false;
  /** Kills a worker in the middle of a shard, and every third time Redis, too. */
  const strike = async () => {
    if (isBusy || kills >= 6) return;
    isBusy = true;
    const [victim] = alive;
    alive.delete(victim!);
    t.is(await victim!.kill(), null);
    if (kills++ % 3 === 2) {
      await redis.kill();
      await redis.start();
      restarts++;
    }
    alive.add(worker(t, 'killed'));
    isBusy = false;
  };
  events.on('progress', strike);
  const plan = planner(t, 'photos', 'killed', 'killed-out');
  t.is(await plan.ended, 0, plan.stderr);
  t.deepEqual(await filesOf(room, 'killed-out'), await filesOf(room, 'alone-out'));
  t.is((await rowsOf(join(room, 'killed'))).rows, 4 * 150);
  t.true(kills >= 3 && restarts >= 1, `${kills} kills, ${restarts} restarts`);
  await events.close();
  for (const each of alive) await each.kill();
});

test('a picture at which workers die is told, and the others are computed', async (t) => {
  const { room, redis } = t.context;
  const photos = join(room, 'with-poison');
  await cp(join(room, 'photos'), photos, { recursive: true });
  const [folder = ''] = (await readdir(photos)).sort();
  // It takes long enough to be killed in time.
  const poison = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#808080' } })
    .png({ compressionLevel: 1, progressive: true })
    .toBuffer();
  await writeFile(join(photos, folder, 'poison.png'), poison);
  const content = createHash('sha256').update(poison).digest('hex');
  const events = new QueueEvents('ort-transfer-features', {
    connection: { url: redis.address, maxRetriesPerRequest: null },
  });
  await events.waitUntilReady();
  const queue = new Queue('ort-transfer-features', { connection: { url: redis.address } });
  queue.on('error', () => {});
  t.teardown(async () => {
    await Promise.all([events.close(), queue.close()]);
    await each.kill();
  });
  let each = worker(t, 'poisoned');
  let deaths = 0;
  let isBusy = false;
  events.on('progress', async ({ jobId, data }) => {
    const { at } = data as unknown as { at?: { content: string; deaths: number } };
    if (isBusy || deaths >= 4) return;
    isBusy = true;
    const isOfShard = async () =>
      ((await queue.getJob(jobId))?.data.pictures ?? []).some(
        (picture: { content: string }) => picture.content === content,
      );
    // The first dies of anything, the others at that picture.
    if (deaths === 0 ? await isOfShard() : at?.content === content && at.deaths === deaths - 1) {
      deaths++;
      await each.kill();
      each = worker(t, 'poisoned');
    }
    isBusy = false;
  });
  const plan = planner(t, 'with-poison', 'poisoned', 'poisoned-out');
  t.is(await plan.ended, 0, plan.stderr);
  t.is(deaths, 4, plan.stderr);
  const manifest = JSON.parse(await readFile(join(room, 'poisoned-out/manifest.json'), 'utf8'));
  t.is(manifest.pictures.length, 151, JSON.stringify(manifest.skipped));
  const told = manifest.skipped.find(({ path }: { path: string }) => path.endsWith('poison.png'));
  t.is(told.reason, 'Expected a picture. Received: one at which 3 workers died.');
});

test('mistakes are told without the password', async (t) => {
  const { room, redis } = t.context;
  const wrong = redis.address.replace(redis.password, 'not-the-password');
  const cases: [string, RegExp][] = [
    [
      wrong,
      /^error: Expected Redis or Valkey at redis:\/\/:\*\*\*@127\.0\.0\.1:\d+\/0\. Received: WRONGPASS/m,
    ],
    [
      `http://user:not-the-password@host`,
      /^error: Expected --queue like redis:\/\/.*Received: http:\/\/user:\*\*\*@host/m,
    ],
    ['queue not-the-password', /^error: Expected --queue like .* Received: an address that is no URL\.$/m],
  ];
  for (const [address, words] of cases) {
    const command = start(t, [
      'worker',
      '--queue',
      address,
      '--cache',
      join(room, 'none'),
      '--provider',
      'cpu',
    ]);
    t.is(await command.ended, 1);
    t.regex(command.stderr, words);
    t.false(command.stderr.includes('not-the-password'), command.stderr);
  }
});

test('a worker that would make other embeddings says so, and gives the work back', async (t) => {
  const { room } = t.context;
  const plan = planner(t, 'photos', 'versions', 'versions-out');
  await plan.says(/Computing together|pictures of 3 classes/);
  // It has no models: the cache is not the shared one.
  const stranger = worker(t, 'not-shared');
  t.is(await stranger.ended, 1);
  t.regex(
    stranger.stderr,
    /Expected the model that the shards are for, as .*--cache or ORT_TRANSFER_CACHE must be the folder/,
  );
  const other = worker(t, 'versions');
  t.is(await plan.ended, 0, plan.stderr);
  t.deepEqual(await filesOf(room, 'versions-out'), await filesOf(room, 'alone-out'));
  await other.kill();
});
