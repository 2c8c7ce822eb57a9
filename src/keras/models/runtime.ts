import { openEngine } from '#platform';
import type { CallbackModel } from '../callbacks/callback.js';
import type { Loss } from '../losses/index.js';
import type { Metric } from '../metrics/index.js';
import type { Optimizer } from '../optimizers/index.js';
import { globalTensorRandom } from '../random/global-random.js';
import type { RandomState } from '../random/random-state.js';
import type { Data } from './choose-source.js';
import type { EngineChoice } from './compilation.js';
import type { Functional } from './functional.js';
import { Parts } from './parts.js';
import { fitTargets, trainingPlan } from './plan.js';
import type { Form } from './samples.js';
import { Trainer } from './trainer.js';

/** The arguments of `compile`, as graphs need them. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
}

/** The graphs of a model, loaded, and the form that its data must have. */
export interface Ready {
  readonly trainer: Trainer;
  readonly parts: Parts;
  readonly form: Form;
}

export interface PrepareOptions {
  /** Seeds the noise of a model that has not run yet. Default: the stream that `setRandomSeed` seeds. */
  random?: RandomState;
}

/** Builds a compiled model for these data, if it has no shapes, and loads its graphs. */
export type Prepare = (x: Data, options?: PrepareOptions) => Promise<{ data: Data; ready: Ready }>;

/** A compiled model, as the jobs that run it see it. */
export interface Runnable extends CallbackModel {
  readonly metrics: readonly Metric[];
  readonly loss?: Loss;
}

/** Loads the graphs of a model when they are first needed, and anew where those that are there do not fit. */
export class Runtime {
  #parts?: Promise<Parts>;
  #trainer?: Trainer;

  constructor(
    readonly model: Functional,
    readonly engine: EngineChoice,
  ) {}

  /** The graphs that predict. */
  parts(): Promise<Parts> {
    if (!this.#parts) {
      this.#parts = this.#open();
      this.#parts.catch(() => {
        this.#parts = undefined;
      });
    }
    return this.#parts;
  }

  async #open(): Promise<Parts> {
    const { engine } = this;
    return new Parts(typeof engine === 'string' ? await openEngine({ engine }) : engine, this.model);
  }

  /** The graphs that train and evaluate. */
  async ready(compiled: Compiled, { random = globalTensorRandom() }: PrepareOptions = {}): Promise<Ready> {
    const { optimizer, loss, metrics } = compiled;
    const parts = await this.parts();
    if (!this.#trainer) {
      const plan = trainingPlan(parts.rest, { loss, metrics, optimizer });
      this.#trainer = new Trainer(parts.engine, plan, optimizer, random.randint(2 ** 31 - 1));
    }
    const { inputNames, outputShape } = this.model;
    return {
      trainer: this.#trainer,
      parts,
      form: {
        inputNames,
        extract: parts.extract,
        fitTargets: (dims) => fitTargets(dims, compiled, outputShape),
        describeMismatch: (shape) => loss.describeMismatch(shape, outputShape),
        checkTargets: (y) => loss.checkTargets(y, outputShape),
      },
    };
  }

  async release(): Promise<void> {
    await (await this.#parts)?.release();
    await this.#trainer?.release();
    this.#parts = undefined;
    this.#trainer = undefined;
  }
}
