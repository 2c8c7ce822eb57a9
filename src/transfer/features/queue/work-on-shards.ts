/** What a worker does: it takes shards from the queue, and puts their embeddings into the shared cache. */
import { join, resolve } from 'node:path';
import type { Job, Worker } from 'bullmq';
import { resourceError } from '#platform';
import type { Engine } from '../../../engine/engine.js';
import { UserError } from '../../../errors.js';
import { ImageError } from '../../../images/image.js';
import { named, refuseOthers } from '../../../named-options.js';
import type { Reporter } from '../../reporter.js';
import type { Picture } from '../features-worker.js';
import { readSamePicture } from '../picture.js';
import { embedPictures, type RunOptions, type RunOutcome } from '../run.js';
import { FeatureStore, rowKey } from '../store.js';
import { storeFacts, storeName } from '../store-name.js';
import { connectQueue } from './connect.js';
import {
  queueName,
  readSharedModel,
  type Shard,
  type ShardAnswer,
  type ShardPicture,
  type ShardProgress,
  type ShardSetup,
} from './shards.js';
import { SteadyEmbedder } from './steady-embedder.js';

export interface WorkOptions {
  /** Address of Redis, `redis://` or `rediss://`. */
  readonly queue: string;
  /** Folder that keeps embeddings, which the planner and all workers share. */
  readonly cache: string;
  /** Where this machine has the pictures. Default: where the planner has them. */
  readonly source?: string;
  /** Embeds the pictures. */
  readonly engine: Engine;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number;
  /** Seconds without a sign of life after which a shard is given to another worker. Default: 30. */
  readonly lockSeconds?: number;
  /** Ends when there was nothing to do for so many seconds. Default: it waits for ever. */
  readonly idleSeconds?: number;
  /** Ends after the shards at hand. Default: none. */
  readonly signal?: AbortSignal;
}

/** What a worker has done. */
export interface WorkDone {
  readonly shards: number;
  /** Pictures that were computed. */
  readonly computed: number;
}

/** Workers that may die at one picture before it is given up: one or two may have died of something else. */
const mostDeaths = 3;
/** Shards at once, so that threads have work while the last pictures of a shard are done. */
const shardsAtOnce = 2;
/** Milliseconds between two words on how far a shard is. */
const progressInterval = 1000;

/**
 * Works on shards until the signal says that it is enough.
 *
 * A worker that cannot do a shard through no fault of the pictures gives it back, and ends with the error.
 *
 * @throws QueueError where Redis cannot be reached; UserError where this machine would compute other embeddings
 */
export async function workOnShards(options: WorkOptions, reporter: Reporter): Promise<WorkDone> {
  const {
    queue,
    cache,
    source,
    engine,
    workers,
    lockSeconds = 30,
    idleSeconds,
    signal,
    ...others
  } = named(options, 'workOnShards');
  refuseOthers(others, 'workOnShards', (probe: WorkOptions) => workOnShards(probe, reporter));
  const { bullmq, connection, address, close } = await connectQueue(queue, reporter.warn);
  const desk = new Desk({ cache, source, engine, workers });
  const done = { shards: 0, computed: 0 };
  const began = performance.now();
  let failure: unknown;
  let lastWork = performance.now();
  let stop: () => void = () => {};
  const stopped = new Promise<void>((settle) => {
    stop = settle;
  });
  const worker: Worker<Shard, ShardAnswer> = new bullmq.Worker<Shard, ShardAnswer>(
    queueName,
    async (job, token) => {
      try {
        const answer = await desk.work(job);
        done.shards++;
        done.computed += answer.computed;
        lastWork = performance.now();
        const rate = done.computed / ((performance.now() - began) / 1000);
        reporter.info(`${done.shards} shards done, ${done.computed} pictures computed, ${rate.toFixed(1)}/s`);
        return answer;
      } catch (error) {
        failure ??= error;
        stop();
        await job.moveToDelayed(Date.now() + 1000, token);
        throw new bullmq.DelayedError();
      }
    },
    {
      connection,
      concurrency: shardsAtOnce,
      lockDuration: lockSeconds * 1000,
      stalledInterval: lockSeconds * 1000,
      // Pictures that kill are found by `Desk`; a shard itself is never given up.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
    },
  );
  // Redis that is gone for a while is told of already.
  worker.on('error', () => {});
  reporter.info(`Waiting for shards at ${address}`);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  const timer =
    idleSeconds === undefined
      ? undefined
      : setInterval(() => {
          if (!desk.isBusy && performance.now() - lastWork > idleSeconds * 1000) stop();
        }, 200);
  await stopped;
  clearInterval(timer);
  // The shards at hand are done before.
  await worker.close();
  await desk.close();
  await close();
  if (failure) throw failure;
  return done;
}

/** Everything for the shards of one network. */
interface Tools {
  readonly options: RunOptions;
  readonly embedder: SteadyEmbedder | null;
  store: FeatureStore;
  /** Shards under way. */
  users: number;
}

/** Holds many at once, or one that wants to be alone. */
class Room {
  #inside = 0;
  #isTaken = false;
  /** Who waits to be alone: they go first, or would wait for ever. */
  #waiting = 0;
  #changed: (() => void)[] = [];

  async enter(alone: boolean): Promise<void> {
    if (alone) this.#waiting++;
    while (this.#isTaken || (alone ? this.#inside > 0 : this.#waiting > 0))
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    if (alone) this.#waiting--;
    this.#isTaken = alone;
    this.#inside++;
  }

  leave(): void {
    this.#isTaken = false;
    this.#inside--;
    for (const wake of this.#changed.splice(0)) wake();
  }
}

/** Where shards are worked on. */
class Desk {
  readonly #tools = new Map<string, Promise<Tools>>();
  readonly #room = new Room();
  #busy = 0;

  constructor(private readonly options: Pick<WorkOptions, 'cache' | 'source' | 'engine' | 'workers'>) {}

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  /** @throws an error that no picture is to blame for */
  async work(job: Job<Shard, ShardAnswer>): Promise<ShardAnswer> {
    const { setup, source, pictures } = job.data;
    const wasBegun = job.stalledCounter > 0;
    this.#busy++;
    // A picture must not be blamed for a death that one of another shard brought about.
    await this.#room.enter(wasBegun);
    try {
      const tools = await this.#toolsFor(setup);
      // A worker before may have written rows of it since.
      if (wasBegun) tools.store = await this.#openStore(setup);
      const root = resolve(this.options.source ?? source);
      const shard = new ShardAtWork(job, tools, root);
      const missing = pictures.filter((picture) => shard.missingViews(picture).length > 0);
      tools.users++;
      try {
        await shard.report(pictures.length - missing.length);
        const poisoned = wasBegun ? await shard.doOneByOne(missing) : await shard.doAtOnce(missing);
        await tools.store.flush();
        return { computed: shard.computed, poisoned };
      } finally {
        tools.users--;
      }
    } finally {
      this.#room.leave();
      this.#busy--;
    }
  }

  async close(): Promise<void> {
    for (const tools of this.#tools.values()) await closeTools(await tools.catch(() => null));
    this.#tools.clear();
  }

  async #toolsFor(setup: ShardSetup): Promise<Tools> {
    const id = JSON.stringify(setup);
    const found = this.#tools.get(id);
    if (found) return found;
    for (const [other, tools] of this.#tools) {
      const opened = await tools.catch(() => null);
      if (opened && opened.users > 0) continue;
      this.#tools.delete(other);
      await closeTools(opened);
    }
    const opening = this.#tools.get(id) ?? this.#open(setup);
    this.#tools.set(id, opening);
    return opening;
  }

  async #open(setup: ShardSetup): Promise<Tools> {
    const { cache, engine, workers } = this.options;
    const { preprocessing, features, seed, maxPixels } = setup;
    const backbone = await readSharedModel(cache, setup.backbone);
    const detector = setup.detector === null ? undefined : await readSharedModel(cache, setup.detector);
    const options = { engine, preprocessing, backbone, features, detector, seed, maxPixels, workers };
    const store = await storeName(await storeFacts(options), options);
    if (store !== setup.store)
      throw new UserError(
        `Expected the versions of ort-transfer and of sharp that the shards were planned with. Received: others, which would make other embeddings. Hint: install the same on every machine, from one package-lock.json.`,
      );
    const isOnCpu = engine.provider === 'cpu' || engine.name === 'js';
    return {
      options,
      embedder: isOnCpu ? new SteadyEmbedder(options) : null,
      store: await this.#openStore(setup),
      users: 0,
    };
  }

  #openStore({ store, features }: ShardSetup): Promise<FeatureStore> {
    return FeatureStore.open(join(this.options.cache, store), features, { withoutIndex: true });
  }
}

async function closeTools(tools: Tools | null): Promise<void> {
  await tools?.embedder?.close();
  tools?.store.close();
}

type Poisoned = ShardAnswer['poisoned'];

/** One shard under way. */
class ShardAtWork {
  /** Pictures that were computed here. */
  computed = 0;
  #done = 0;
  #told = 0;
  #isOneByOne = false;
  /** What the worker before was about to do, and what was given up by then. */
  #trouble: Pick<ShardProgress, 'at' | 'given'>;

  constructor(
    private readonly job: Job<Shard, ShardAnswer>,
    private readonly tools: Tools,
    private readonly root: string,
  ) {
    const { at, given } = (typeof job.progress === 'object' ? job.progress : {}) as Partial<ShardProgress>;
    this.#trouble = { at, given };
  }

  missingViews({ content }: ShardPicture): number[] {
    const { views, seed } = this.job.data.setup;
    const all = Array.from({ length: views }, (_, view) => view);
    return all.filter((view) => !this.tools.store.has(rowKey(content, view, seed)));
  }

  /** Counts pictures that are done. */
  async report(more: number): Promise<void> {
    this.#done += more;
    // One by one, there is a word before each already.
    if (this.#isOneByOne) return;
    if (performance.now() - this.#told < progressInterval) return;
    await this.#tell();
  }

  async #tell(): Promise<void> {
    this.#told = performance.now();
    await this.job.updateProgress({ done: this.#done, ...this.#trouble } satisfies ShardProgress);
  }

  async doAtOnce(pictures: readonly ShardPicture[]): Promise<Poisoned> {
    const { embedder, options } = this.tools;
    if (embedder) {
      await Promise.all(
        pictures.map(async (picture) => this.#keep(await this.#embed(embedder, picture), picture)),
      );
      return [];
    }
    const byContent = new Map(pictures.map((picture) => [picture.content, picture]));
    for await (const outcome of embedPictures(this.#readAll(pictures), options))
      await this.#keep(outcome, byContent.get(outcome.picture.content));
    return [];
  }

  /**
   * After a worker has died: one by one, with a word before each, so that one that kills is known by the next worker.
   *
   * @returns those that are given up
   */
  async doOneByOne(pictures: readonly ShardPicture[]): Promise<Poisoned> {
    const { embedder, options } = this.tools;
    this.#isOneByOne = true;
    const before = this.#trouble.at;
    const given = [...(this.#trouble.given ?? [])];
    // What the last worker was about to do, it died of.
    const deaths = before ? before.deaths + 1 : 0;
    if (before && deaths >= mostDeaths) given.push(before.content);
    // No picture shall be blamed for what happens while threads start.
    await embedder?.warm();
    for (const picture of pictures) {
      const { content } = picture;
      if (given.includes(content)) continue;
      this.#trouble = { at: { content, deaths: content === before?.content ? deaths : 0 }, given };
      await this.#tell();
      if (embedder) await this.#keep(await this.#embed(embedder, picture), picture);
      else
        for await (const outcome of embedPictures(this.#readAll([picture]), options))
          await this.#keep(outcome, picture);
      // Else the next would be blamed for what was written long ago.
      await this.tools.store.flush();
    }
    return given.map((content) => ({
      content,
      reason: `Expected a picture. Received: one at which ${mostDeaths} workers died.`,
    }));
  }

  /** Keeps the rows of a picture. One that cannot be used is left to the planner, which says so. */
  async #keep(outcome: RunOutcome | null, picture: ShardPicture | undefined): Promise<void> {
    if (outcome && 'error' in outcome) {
      const shortage = resourceError(outcome.error);
      if (shortage) throw shortage;
    } else if (outcome && picture) {
      const { features, seed } = this.job.data.setup;
      const { rows, faces, flat } = outcome;
      for (const [i, view] of outcome.picture.views.entries()) {
        const row = rows.slice(i * features, (i + 1) * features);
        await this.tools.store.set(rowKey(picture.content, view, seed), row, { faces, flat });
      }
      this.computed++;
    }
    await this.report(1);
  }

  /** `null` where the file holds no picture, or another by now. */
  async #embed(embedder: SteadyEmbedder, picture: ShardPicture): Promise<RunOutcome | null> {
    try {
      return await embedder.embed(() => this.#read(picture));
    } catch (error) {
      if (error instanceof ImageError) return null;
      throw error;
    }
  }

  async *#readAll(pictures: readonly ShardPicture[]): AsyncGenerator<Picture> {
    for (const picture of pictures)
      try {
        yield await this.#read(picture);
      } catch (error) {
        if (!(error instanceof ImageError)) throw error;
        await this.report(1);
      }
  }

  async #read(picture: ShardPicture): Promise<Picture> {
    const file = await readSamePicture(join(this.root, picture.path), picture.content);
    return { ...file, views: this.missingViews(picture) };
  }
}
