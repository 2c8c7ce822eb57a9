import type { Engine } from '../../engine/engine.js';
import type { Tensor } from '../../graph/tensor.js';
import { scalingWarning } from '../preprocessing/describe-scaling.js';
import type { ImageTransformer } from '../preprocessing/image-transformer.js';
import { fitInputs } from './data.js';
import { FeatureCache } from './feature-cache.js';
import { FeatureThreads } from './feature-threads.js';
import { ForwardOnly } from './forward-only.js';
import type { Functional } from './functional.js';
import { splitFrozen } from './plan.js';

/** A model ready to run: its frozen beginning, which feeds the rest. */
export class Parts {
  readonly rest: Functional;
  /** Makes features of pictures; `null` where nothing is frozen. */
  readonly threads: FeatureThreads | null;
  readonly #frozen: ForwardOnly | null;
  readonly #rest: ForwardOnly;
  readonly #caches = new WeakMap<object, FeatureCache>();
  readonly #checked = new WeakSet<ImageTransformer>();

  constructor(
    readonly engine: Engine,
    readonly model: Functional,
  ) {
    const { frozen, rest } = splitFrozen(model);
    this.rest = rest;
    this.#frozen = frozen && new ForwardOnly(engine, frozen);
    this.#rest = new ForwardOnly(engine, [rest]);
    const reads = model.inputs.length === 1;
    this.threads = this.#frozen && reads ? new FeatureThreads(engine, this.#frozen) : null;
  }

  /** The inputs of the rest, from these inputs of the model. @throws ValueError when they do not fit */
  readonly extract = async (x: readonly Tensor<'float32'>[]): Promise<readonly Tensor<'float32'>[]> => {
    const inputs = fitInputs(x, this.model);
    return this.#frozen ? this.#frozen.run(inputs) : inputs;
  };

  /** Whether weights are frozen at the beginning, so that it pays to keep a picture's features. */
  get hasFrozenWeights(): boolean {
    return this.#frozen?.models.some(({ weights }) => weights.length > 0) ?? false;
  }

  /** Changes whenever a weight of the frozen part does. */
  get frozenVersion(): string {
    return this.#frozen?.version ?? '';
  }

  /** A warning, once, where a generator scales pictures otherwise than the pretrained weights expect; else `null`. */
  checkScaling(generator: ImageTransformer): string | null {
    const { expectedScaling } = this.model;
    if (!expectedScaling || this.#checked.has(generator)) return null;
    this.#checked.add(generator);
    return scalingWarning(generator, expectedScaling);
  }

  /** Keeps the features of a data set's pictures for as long as the data set is in use. */
  cacheFor(dataset: object, views: number): FeatureCache {
    let cache = this.#caches.get(dataset);
    if (cache?.views !== views) {
      cache = new FeatureCache(views);
      this.#caches.set(dataset, cache);
    }
    return cache;
  }

  /** The model's output (N, …). */
  async predict(x: readonly Tensor<'float32'>[]): Promise<Tensor<'float32'>> {
    const [output] = (await this.#rest.run(await this.extract(x))) as [Tensor<'float32'>];
    return output;
  }

  async release(): Promise<void> {
    await this.threads?.close();
    await this.#frozen?.release();
    await this.#rest.release();
  }
}
