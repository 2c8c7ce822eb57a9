/** The layers that are trained. */

import type { Engine } from '../engine/engine.js';
import { UserError } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Callback, Logs } from '../keras/callbacks/index.js';
import { GlorotUniform } from '../keras/initializers.js';
import { Dense } from '../keras/layers/dense.js';
import { Input } from '../keras/layers/input.js';
import type { FitOptions } from '../keras/models/fit.js';
import { Sequential } from '../keras/models/sequential.js';
import { PolynomialDecay, RMSprop } from '../keras/optimizers/index.js';
import { globalTensorRandom } from '../keras/random/global-random.js';
import type { RandomState } from '../keras/random/random-state.js';
import { BestWeights } from './best-weights.js';
import { type Dataset, toArrays } from './dataset.js';
import { FiniteLoss } from './finite-loss.js';
import { KeepTraining, type KeptHead } from './keep-training.js';
import { type Evaluation, evaluatePredictions } from './metrics.js';

/** How the head is built and trained. */
export interface HeadOptions {
  /** Passes over the data. Default 5. */
  readonly epochs?: number;
  /** Views in a training step. Default 16. */
  readonly batchSize?: number;
  /** At the beginning. Default 0.001. */
  readonly learningRate?: number;
  /** How the learning rate goes on: in a straight line to 0 at the end, or as it began. Default `'linear'`. */
  readonly schedule?: 'linear' | 'constant';
  /** Units of the hidden layers. Default [1024, 512, 512]. */
  readonly hidden?: readonly number[];
  /** How many views of each picture to train on. Default 4. */
  readonly views?: number;
  /** Runs the training. */
  readonly engine: Engine;
}

export interface TrainHeadOptions extends HeadOptions, Pick<FitOptions, 'verbose' | 'print' | 'warn'> {
  /** With the embeddings of as many views. */
  readonly training: Dataset;
  /** Pictures that the head is not trained on, if there are any. */
  readonly validation: Dataset | null;
  /** Called beside the head's own. Default: none. */
  readonly callbacks?: readonly Callback[];
  /** The weights to keep: the epoch's that did best, or the last epoch's. Default `'best'`. */
  readonly keep?: 'best' | 'last';
  /** Draws the first weights and the order of the samples. Default: the stream that `setRandomSeed` seeds. */
  readonly random?: RandomState;
}

export interface TrainedHead {
  /** Embedding (N, D) → probabilities (N, C), with the weights of the epoch that was kept. */
  readonly head: Sequential;
  /** On the validation data; `null` where there are none. */
  readonly evaluation: Evaluation | null;
  /** One value an epoch. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
}

/** A run that cannot lead to a model. */
export class TrainingError extends UserError {
  override name = 'TrainingError';
}

/**
 * Trains dense layers on embeddings: the same data, options and state of `random`, the same head.
 *
 * @param kept keeps where the training stands, and goes on from where an earlier run was; default: nothing is kept
 * @throws TrainingError when the loss does not stay finite
 */
export async function trainHead(options: TrainHeadOptions, kept?: KeptHead): Promise<TrainedHead> {
  const { training, validation, engine, views = 4, batchSize = 16, epochs = 5 } = options;
  const { hidden = [1024, 512, 512], callbacks = [], verbose = 2, print, warn } = options;
  const { keep = 'best', random = globalTensorRandom() } = options;
  const { x, y } = toArrays(training, views);
  const [rows = 0, features = 0] = x.dims;
  const head = buildHead({ features, hidden, classes: training.classes.length, random });
  head.compile({
    optimizer: new RMSprop({
      learningRate: learningRateOf(options, Math.ceil(rows / batchSize) * epochs),
      name: 'rmsprop',
    }),
    loss: 'categorical_crossentropy',
    metrics: ['accuracy'],
    engine,
  });
  const best = keep === 'best' ? new BestWeights() : null;
  const held = validation && toArrays(validation, 1);
  const keeping = kept ? new KeepTraining(kept, { head, random, best, replayed: callbacks, epochs }) : null;
  const fitted = await head.fit(x, y, {
    batchSize,
    epochs,
    verbose,
    print,
    warn,
    random,
    validationData: held && [held.x, held.y],
    callbacks: [...(best ? [best] : []), new FiniteLoss(), ...callbacks, ...(keeping ? [keeping] : [])],
  });
  const history = keeping ? historyOf(keeping.logs) : fitted.history;
  checkFinite(history);
  const evaluation =
    held && validation
      ? evaluateHead(training.classes, await head.predict(held.x, { verbose: 0 }), validation)
      : null;
  await head.release();
  return { head, evaluation, history, bestEpoch: best ? best.epoch + 1 : (history.loss?.length ?? 0) };
}

/** One value an epoch, under each name, as `History` has it. */
function historyOf(epochs: readonly Logs[]): Record<string, number[]> {
  const history: Record<string, number[]> = {};
  for (const logs of epochs)
    for (const [name, value] of Object.entries(logs)) {
      history[name] ??= [];
      history[name].push(Number(value));
    }
  return history;
}

interface HeadShape {
  readonly features: number;
  readonly hidden: readonly number[];
  readonly classes: number;
  readonly random: RandomState;
}

/** Dense layers with names of their own: Keras's automatic ones would count the heads of the process. */
function buildHead({ features, hidden, classes, random }: HeadShape): Sequential {
  const dense = (units: number, activation: 'relu' | 'softmax', i: number) =>
    new Dense({
      units,
      activation,
      kernelInitializer: GlorotUniform({ seed: random }),
      name: i === 0 ? 'dense' : `dense_${i}`,
    });
  return new Sequential(
    [
      Input({ shape: [features], name: 'embedding' }),
      ...hidden.map((units, i) => dense(units, 'relu', i)),
      dense(classes, 'softmax', hidden.length),
    ],
    { name: 'head' },
  );
}

/**
 * RMSprop at a constant rate ends wherever its last spike left it. Falling to zero, it settles: on 300 photos of
 * waste in 6 classes, from about 73% to 85%.
 */
function learningRateOf({ learningRate = 0.001, schedule = 'linear' }: HeadOptions, decaySteps: number) {
  if (schedule === 'constant') return learningRate;
  return new PolynomialDecay({ initialLearningRate: learningRate, decaySteps, endLearningRate: 0 });
}

function evaluateHead(
  labels: readonly string[],
  { data }: Tensor<'float32'>,
  { pictures }: Dataset,
): Evaluation {
  const width = labels.length;
  return evaluatePredictions(
    labels,
    pictures.map(({ label }, i) => ({ label, probabilities: data.subarray(i * width, (i + 1) * width) })),
  );
}

/** @throws TrainingError when the loss became infinite or no number: such weights are worth nothing. */
function checkFinite(history: Readonly<Record<string, readonly number[]>>): void {
  for (const [epoch, loss] of (history.loss ?? []).entries())
    if (!Number.isFinite(loss))
      throw new TrainingError(
        `Expected the loss to stay finite. Received: ${loss} in epoch ${epoch + 1}. Hint: lower the learning rate.`,
      );
}
