/** What the planner does: it divides pictures into shards, and waits until workers have computed them all. */
import { join, relative, resolve, sep } from 'node:path';
import type { Queue, QueueEvents } from 'bullmq';
import { ResourceError } from '#platform';
import { UserError } from '../../../errors.js';
import { defaultMaxPixels } from '../../../images/limits.js';
import type { Reporter } from '../../reporter.js';
import { readPictureFile } from '../picture.js';
import type { RunOptions } from '../run.js';
import { FeatureStore, rowKey } from '../store.js';
import { describeStore, storeFacts, storeName } from '../store-name.js';
import { connectQueue } from './connect.js';
import {
  picturesPerShard,
  queueName,
  type Shard,
  type ShardAnswer,
  type ShardPicture,
  type ShardProgress,
  type ShardSetup,
  shardId,
  shareModel,
} from './shards.js';

export interface TogetherOptions extends RunOptions {
  /** Address of Redis, `redis://` or `rediss://`. */
  readonly queue: string;
  /** Folder that keeps embeddings, which all workers share. */
  readonly cache: string;
  /** The folder that all pictures lie in. Workers may have it in another place. */
  readonly source: string;
  /** Views of each picture. Default: 1. */
  readonly views?: number;
}

/** Shards in the queue at most: what they hold lies in Redis's memory. */
const mostShards = 500;
/** Milliseconds between two looks at shards of which nothing was heard. */
const lookInterval = 2000;
/** Seconds that Redis keeps what nobody fetches. */
const keptSeconds = 24 * 3600;

/** A shard that is under way. */
interface Underway {
  readonly shard: Shard;
  done: number;
}

/**
 * Has workers compute what a cache lacks of pictures, and waits for it.
 *
 * @returns the reasons why pictures were given up, by content
 * @throws QueueError where Redis cannot be reached
 */
export async function computeTogether(
  paths: readonly string[],
  options: TogetherOptions,
  reporter: Reporter,
): Promise<ReadonlyMap<string, string>> {
  const { cache, features, views = 1 } = options;
  const facts = await storeFacts(options);
  const setup: ShardSetup = {
    store: await storeName(facts, options),
    preprocessing: options.preprocessing,
    backbone: await shareModel(cache, options.backbone),
    detector: options.detector ? await shareModel(cache, options.detector) : null,
    ...{ features, views },
    seed: options.seed ?? 0,
    maxPixels: options.maxPixels ?? defaultMaxPixels,
  };
  const store = await FeatureStore.open(join(cache, setup.store), features);
  const { bullmq, connection, close } = await connectQueue(options.queue, reporter.warn);
  const queue: Queue<Shard, ShardAnswer> = new bullmq.Queue<Shard, ShardAnswer>(queueName, { connection });
  const events = new bullmq.QueueEvents(queueName, { connection });
  // Redis that is gone for a while is told of already.
  queue.on('error', () => {});
  events.on('error', () => {});
  const watch = new Watch(queue, events, paths.length, reporter);
  try {
    await watch.begin();
    for await (const pictures of shardsOf(paths, { ...options, setup, store, onReady: () => watch.ready() }))
      await watch.submit({ setup, source: resolve(options.source), pictures });
    await watch.end();
    await describeStore(join(cache, setup.store), facts);
    return watch.poisoned;
  } finally {
    watch.close();
    store.close();
    await events.close();
    await queue.close();
    await close();
  }
}

/** Divides pictures that the cache lacks. Those that cannot be read are left to the job itself. */
async function* shardsOf(
  paths: readonly string[],
  {
    setup: { views, seed },
    store,
    source,
    onReady,
  }: { setup: ShardSetup; store: FeatureStore; source: string; onReady: () => void },
): AsyncGenerator<ShardPicture[]> {
  const planned = new Set<string>();
  const size = picturesPerShard(views);
  let shard: ShardPicture[] = [];
  for (const path of paths) {
    const content = await readPictureFile(path).then(
      (file) => file.content,
      (error: unknown) => {
        if (error instanceof ResourceError) throw error;
        return null;
      },
    );
    const isThere =
      content === null ||
      planned.has(content) ||
      Array.from({ length: views }, (_, view) => view).every((view) =>
        store.has(rowKey(content, view, seed)),
      );
    if (isThere) {
      onReady();
      continue;
    }
    planned.add(content);
    shard.push({ path: relative(resolve(source), resolve(path)).split(sep).join('/'), content });
    if (shard.length < size) continue;
    yield shard;
    shard = [];
  }
  if (shard.length > 0) yield shard;
}

/** Keeps an eye on the shards of one job. */
class Watch {
  /** Why pictures were given up, by content. */
  readonly poisoned = new Map<string, string>();
  readonly #underway = new Map<string, Underway>();
  /** Pictures that are done. */
  #done = 0;
  #failure: unknown;
  /** Wakes who waits for a shard to end. */
  #wake: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #isLooking = false;
  #workers = 0;

  constructor(
    private readonly queue: Queue<Shard, ShardAnswer>,
    private readonly events: QueueEvents,
    private readonly total: number,
    private readonly reporter: Reporter,
  ) {}

  async begin(): Promise<void> {
    this.events.on('completed', ({ jobId, returnvalue }) =>
      this.#settle(jobId, parseAnswer(returnvalue as unknown)),
    );
    this.events.on('progress', ({ jobId, data }) => {
      const entry = this.#underway.get(jobId);
      if (entry) entry.done = (data as unknown as ShardProgress).done;
      this.#report();
    });
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      this.#look()
        .catch((error) => this.#fail(error))
        .finally(() => {
          this.#isLooking = false;
        });
    }, lookInterval);
    await this.events.waitUntilReady();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Counts a picture that is in the cache, or no picture. */
  ready(): void {
    this.#done++;
    this.#report();
  }

  /** Puts a shard into the queue, as soon as there is room. */
  async submit(shard: Shard): Promise<void> {
    await this.#until(() => this.#underway.size < mostShards);
    const id = shardId(shard);
    this.#underway.set(id, { shard, done: 0 });
    await this.#add(id, shard);
  }

  /** Waits for all shards. */
  async end(): Promise<void> {
    await this.#until(() => this.#underway.size === 0);
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((settle) => {
        this.#wake = settle;
      });
    }
    if (this.#failure) throw this.#failure;
  }

  async #add(id: string, shard: Shard): Promise<void> {
    // One of an earlier job, of which the cache has lost the embeddings since.
    const old = await this.queue.getJob(id);
    if (old && ((await old.isCompleted()) || (await old.isFailed()))) await old.remove();
    await this.queue.add('shard', shard, {
      jobId: id,
      attempts: 3,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: { age: keptSeconds },
      removeOnFail: { age: keptSeconds },
    });
  }

  /** Asks for shards of which no event may have come: Redis may have lost some, or been gone. */
  async #look(): Promise<void> {
    this.#workers = await this.queue.getWorkersCount();
    for (const [id, { shard }] of [...this.#underway]) {
      if (!this.#underway.has(id)) continue;
      const job = await this.queue.getJob(id);
      if (!job) {
        if (this.#underway.has(id)) await this.#add(id, shard);
      } else if (job.returnvalue) this.#settle(id, job.returnvalue);
      else if (await job.isFailed())
        this.#fail(new UserError(`Expected a shard to be computed. Received: ${job.failedReason}`));
    }
    this.#report();
  }

  #settle(id: string, answer: ShardAnswer | null): void {
    const entry = this.#underway.get(id);
    if (!entry || !answer) return;
    this.#underway.delete(id);
    this.#done += entry.shard.pictures.length;
    for (const { content, reason } of answer.poisoned) this.poisoned.set(content, reason);
    this.#report();
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  #report(): void {
    let done = this.#done;
    for (const entry of this.#underway.values()) done += Math.min(entry.done, entry.shard.pictures.length);
    const note = `${this.#workers} ${this.#workers === 1 ? 'worker' : 'workers'}`;
    this.reporter.progress('Computing together', { done, total: this.total, note });
  }
}

/** Events carry answers as text. */
function parseAnswer(value: unknown): ShardAnswer | null {
  const answer = (typeof value === 'string' ? JSON.parse(value) : value) as ShardAnswer | null;
  return answer && Array.isArray(answer.poisoned) ? answer : null;
}
