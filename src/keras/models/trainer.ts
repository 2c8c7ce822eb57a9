import type { Engine, Session, Tensors } from '../../engine/engine.js';
import type { Parameter } from '../../graph/differentiable.js';
import type { Model as OnnxModel } from '../../graph/graph.js';
import { encodeModel } from '../../graph/onnx.js';
import { float32, int64, type Tensor } from '../../graph/tensor.js';
import { evaluationGraph, trainingGraph } from '../../graph/training.js';
import { slotName, type TrainingPlan, weightNames } from '../../graph/training-plan.js';
import type { Optimizer } from '../optimizers/optimizer.js';

/** Samples with their targets: tensors of one length N. */
export interface Samples {
  readonly x: readonly Tensor[];
  readonly y: Tensor;
  readonly sampleWeight?: Tensor;
}

/** Several batches that are trained on in one go. */
export interface Run {
  readonly samples: Samples;
  /** The samples to use, in this order, cut into batches of `batchSize`; the last may be smaller. */
  readonly order: readonly number[];
  readonly batchSize: number;
}

/**
 * Holds the graphs of a training plan, loaded, and moves the weights in and out.
 *
 * Weights live in the plan's parameters, slots in the optimizer: each call reads them there and writes them back,
 * so that between two calls everything may be inspected and changed.
 */
export class Trainer {
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #names: ReturnType<typeof weightNames>;

  constructor(
    readonly engine: Engine,
    readonly plan: TrainingPlan,
    readonly optimizer: Optimizer,
    /** Seeds the noise that Dropout draws. */
    readonly seed: number,
  ) {
    this.#names = weightNames(plan);
  }

  /** Trains on a run of batches. @returns for each step its sums: float32 (S, K) */
  async train({ samples, order, batchSize }: Run): Promise<Tensor<'float32'>> {
    const { optimizer, plan } = this;
    optimizer.build(plan.trained);
    const steps = Math.ceil(order.length / batchSize);
    const session = await this.#session('training', trainingGraph, samples);
    const results = await session.run({
      ...this.#data(samples),
      ...this.#weights(),
      ...this.#slots(),
      order: int64(order),
      batch_size: int64([batchSize]),
      steps: int64([steps], []),
      learning_rate: float32(
        Float32Array.from({ length: steps }, (_, step) => optimizer.learningRateAt(optimizer.batches + step)),
      ),
      iterations: int64([optimizer.batches]),
      seed: int64([this.seed]),
    });
    optimizer.batches += steps;
    this.#takeState(results);
    return results.sums as Tensor<'float32'>;
  }

  /** @returns the sums over all samples: float32 (K) */
  async evaluate(samples: Samples): Promise<Tensor<'float32'>> {
    const session = await this.#session('evaluation', evaluationGraph, samples);
    const { sums } = await session.run({ ...this.#data(samples), ...this.#weights() });
    return sums as Tensor<'float32'>;
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  /** The graph of that kind, for samples with weights or without. */
  #session(
    kind: string,
    write: (plan: TrainingPlan) => OnnxModel,
    { sampleWeight }: Samples,
  ): Promise<Session> {
    const weighted = sampleWeight !== undefined;
    const name = weighted ? `weighted ${kind}` : kind;
    let session = this.#sessions.get(name);
    if (!session) {
      session = this.engine.load(encodeModel(write({ ...this.plan, weighted })));
      this.#sessions.set(name, session);
    }
    return session;
  }

  #data({ x, y, sampleWeight }: Samples): Tensors {
    const feeds: Tensors = Object.fromEntries(x.map((tensor, i) => [`x_${i}`, tensor]));
    feeds.y = y;
    if (sampleWeight) feeds.sample_weight = sampleWeight;
    return feeds;
  }

  #weights(): Tensors {
    return weightFeeds(this.plan);
  }

  #slots(): Tensors {
    const feeds: Tensors = {};
    for (const parameter of this.plan.trained)
      for (const slot of this.optimizer.slots(parameter))
        feeds[this.#slotName(parameter, slot)] = float32(
          this.optimizer.slot(parameter, slot),
          this.optimizer.slotShape(parameter, slot),
        );
    return feeds;
  }

  #nameOf(parameter: Parameter): string {
    return this.#names.get(parameter) ?? parameter.name;
  }

  #slotName(parameter: Parameter, slot: string): string {
    return slotName(this.#nameOf(parameter), slot);
  }

  #takeState(results: Tensors): void {
    const { trained, updated } = this.plan;
    const take = (name: string) => (results[`${name}.out`] as Tensor<'float32'>).data;
    for (const parameter of [...trained, ...updated]) parameter.assign(take(this.#nameOf(parameter)));
    for (const parameter of trained)
      for (const slot of this.optimizer.slots(parameter))
        this.optimizer.setSlot(parameter, slot, flushed(take(this.#slotName(parameter, slot))));
  }
}

const smallestNormal = 2 ** -126;

/**
 * Makes denormal numbers 0, in place, as TensorFlow computes. After some 800 steps on easy data a fifth of RMSprop's
 * velocities are denormal, and a step on them takes twice as long.
 */
function flushed(values: Float32Array): Float32Array {
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]!) < smallestNormal) values[i] = 0;
  return values;
}

/** Feeds of every weight of a plan, as its graphs name them. */
const weightFeeds = (plan: Parameters<typeof weightNames>[0]): Tensors =>
  Object.fromEntries(
    Array.from(weightNames(plan), ([weight, name]) => [name, float32(weight.peek(), weight.shape)]),
  );
