/**
 * Measures the queue with a real Redis: rates with one and two workers of one thread, what the queue costs a picture,
 * and what 30 kills of workers and 3 of Redis do to a job.
 *
 *     node dist/tools/queue-proof.js [--pictures 1200] [--kills 30] [--restarts 3]
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { QueueEvents } from 'bullmq';
import { drawPatterns } from '../test/cli/pictures.js';
import { TestRedis, whyNoRedis } from '../test/queue/redis.js';
import { Running } from '../test/queue/running.js';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: '1200' },
    kills: { type: 'string', default: '30' },
    restarts: { type: 'string', default: '3' },
  },
});
const [pictures, kills, restarts] = [values.pictures, values.kills, values.restarts].map(Number) as [
  number,
  number,
  number,
];

const missing = whyNoRedis();
if (missing) throw new Error(`Expected redis-server. Received: ${missing}.`);
const room = await mkdtemp(join(tmpdir(), 'queue-proof-'));
const photos = join(room, 'photos');
const settings = ['--crop', 'none', '--provider', 'cpu'];
const running = new Set<Running>();

const start = (args: readonly string[]): Running => {
  const command = new Running(args);
  running.add(command);
  command.ended.then(() => running.delete(command));
  return command;
};

const worker = (redis: TestRedis, cache: string): Running =>
  start([
    ...['worker', '--queue', redis.address, '--cache', join(room, cache)],
    ...['--workers', '1', '--provider', 'cpu', '--lock-seconds', '2'],
  ]);

const plan = (redis: TestRedis, cache: string): Running =>
  start([
    ...['features', photos, ...settings, '--queue', redis.address],
    ...['--cache', join(room, cache), '--out', join(room, `${cache} out`)],
  ]);

async function ended(command: Running): Promise<void> {
  if ((await command.ended) !== 0) throw new Error(command.stderr);
}

async function hashOf(out: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(out)).sort()) hash.update(name).update(await readFile(join(out, name)));
  return hash.digest('hex');
}

/** The keys in a cache, with repetitions. */
async function keysOf(cache: string): Promise<string[]> {
  const keys: string[] = [];
  for (const name of await readdir(cache, { recursive: true }))
    if (name.endsWith('.json'))
      for (const { key } of JSON.parse(await readFile(join(cache, name), 'utf8')).rows) keys.push(key);
  return keys;
}

/** Seconds that a job takes with so many workers that wait for it. */
async function time(redis: TestRedis, count: number): Promise<number> {
  const cache = `${count} workers`;
  const workers = Array.from({ length: count }, () => worker(redis, cache));
  await Promise.all(workers.map((each) => each.says(/Waiting for shards/)));
  const began = performance.now();
  await ended(plan(redis, cache));
  const seconds = (performance.now() - began) / 1000;
  for (const each of workers) await each.kill('SIGTERM');
  return seconds;
}

try {
  await drawPatterns(photos, Math.ceil(pictures / 3), 1);
  await mkdir(join(room, 'redis'));
  const redis = await TestRedis.start(join(room, 'redis'));
  let began = performance.now();
  await ended(
    start([
      'features',
      photos,
      ...settings,
      '--cache',
      join(room, 'alone'),
      '--out',
      join(room, 'alone out'),
    ]),
  );
  const rate = (seconds: number) => `${seconds.toFixed(1)} s, ${(pictures / seconds).toFixed(1)} pictures/s`;
  console.log(`one machine, all cores: ${rate((performance.now() - began) / 1000)}`);
  for (const count of [1, 2])
    console.log(`${count} workers of one thread: ${rate(await time(redis, count))}`);
  // Everything is in the cache: what is left is planning, and reading it.
  began = performance.now();
  await ended(plan(redis, '2 workers'));
  console.log(`all cached, with a queue: ${rate((performance.now() - began) / 1000)}`);

  const events = new QueueEvents('ort-transfer-features', {
    connection: { url: redis.address, maxRetriesPerRequest: null },
  });
  events.on('error', () => {});
  const alive = [0, 1, 2, 3].map(() => worker(redis, 'killed'));
  let [killed, restarted, isBusy] = [0, 0, false];
  events.on('progress', async () => {
    if (isBusy || killed >= kills) return;
    isBusy = true;
    await alive.shift()?.kill();
    killed++;
    if (killed % Math.ceil(kills / (restarts + 1)) === 0 && restarted < restarts) {
      restarted++;
      await redis.kill();
      await redis.start();
    }
    alive.push(worker(redis, 'killed'));
    isBusy = false;
  });
  await events.waitUntilReady();
  began = performance.now();
  await ended(plan(redis, 'killed'));
  const keys = await keysOf(join(room, 'killed'));
  const isSame = (await hashOf(join(room, 'killed out'))) === (await hashOf(join(room, 'alone out')));
  console.log(
    `4 workers, ${killed} kills, ${restarted} restarts of Redis: ${rate((performance.now() - began) / 1000)}; ` +
      `${new Set(keys).size} pictures, ${keys.length - new Set(keys).size} computed more than once; ` +
      `${isSame ? 'the same bytes as one machine' : 'OTHER BYTES than one machine'}`,
  );
  await events.close();
  for (const each of running) await each.kill();
  await redis.kill();
  if (!isSame || new Set(keys).size !== (await keysOf(join(room, 'alone'))).length) process.exitCode = 1;
} finally {
  for (const each of running) await each.kill();
  await rm(room, { recursive: true, force: true });
}
