/** Which head a data set gets, how sure it may be, and how well it does: page-safe, as all of this room. */
import { joinFloats } from '../graph/rows.js';
import type { Tensor } from '../graph/tensor.js';
import type { Callback } from '../keras/callbacks/index.js';
import type { Sequential } from '../keras/models/sequential.js';
import { RandomState } from '../keras/random/random-state.js';
import { type Dataset, type LabelledPicture, toArrays } from './dataset.js';
import { stratifiedFolds } from './folds.js';
import { type TrainHeadOptions, trainHead } from './head.js';
import type { KeptHead } from './keep-training.js';
import { type Logistic, LogisticFitter, logitsOf } from './logistic.js';
import { type Evaluation, evaluatePredictions } from './metrics.js';
import { energyOf } from './strangers.js';
import { fitTemperature, meanNll } from './temperature.js';

export interface FitHeadOptions extends Omit<TrainHeadOptions, 'random'> {
  /**
   * `'article'`: dense layers of 1024, 512 and 512 units. `'logistic'`: multinomial logistic regression. `'auto'`:
   * logistic below 10 pictures a class, else the mean of both. Default `'auto'`.
   */
  readonly head?: 'auto' | 'article' | 'logistic';
  /** Parts that are left out in turn to find out how well the head does; 0 for none. Ignored with `validation`. Default 3. */
  readonly folds?: number;
  /** `'flat'` takes out of the answers how often each class was seen in training. Default `'data'`. */
  readonly prior?: 'data' | 'flat';
  /** Chooses the folds and the first weights. Default 0. */
  readonly seed?: number;
  /** Called before each fold. Default: none. */
  readonly onFold?: (done: number, total: number) => void;
  /** Callbacks of the dense layers that are trained in folds. Default: none. */
  readonly foldCallbacks?: readonly Callback[];
  /** Called between the parts of the work, which ends with whatever it throws. Default: nothing happens. */
  readonly onStep?: () => void | Promise<void>;
}

/** The probabilities of a picture that the head was not trained on. */
export interface LeftOut {
  readonly picture: LabelledPicture;
  /** (C) */
  readonly probabilities: Float32Array;
}

/** The parts of a head, ready to be written into a graph. */
export interface FittedHead {
  /** Embedding (N, D) → probabilities (N, C), and the temperature that its logits are divided by. */
  readonly dense: { readonly model: Sequential; readonly temperature: number } | null;
  readonly logistic: Logistic | null;
  /** log(n_c/N) of each class, to be subtracted from logits. */
  readonly logPrior: Float32Array | null;
}

/** A head of dense layers as they were trained, neither calibrated nor mixed. */
export const denseHead = (model: Sequential): FittedHead => ({
  dense: { model, temperature: 1 },
  logistic: null,
  logPrior: null,
});

export interface FitHeadResult {
  readonly fitted: FittedHead;
  /** On the pictures that were left out, in folds or for validation; `null` where there were none. */
  readonly evaluation: Evaluation | null;
  readonly leftOut: readonly LeftOut[];
  /** log Σ exp of the logistic head's logits for training pictures that it was not fitted on, by path; empty without. */
  readonly energies: ReadonlyMap<string, number>;
  /** How long the folds took, in seconds. */
  readonly foldSeconds: number;
  /** One value an epoch, of the dense layers; empty without them. */
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1; 0 without dense layers. */
  readonly bestEpoch: number;
}

/** Fewer pictures a class than this teach three dense layers little. */
const enoughForDense = 10;

/**
 * Fits the head that suits a data set, and measures it on pictures that it was not trained on.
 *
 * Without validation data each picture is left out of one of `folds` trainings; the head that is kept is then trained
 * on all of them.
 *
 * @param keepState keeps the state of the dense layers, by the names of their trainings; default: nothing is kept
 * @throws TrainingError when the loss does not stay finite
 */
export async function fitHead(
  options: FitHeadOptions,
  keepState?: (name: string) => KeptHead,
): Promise<FitHeadResult> {
  const { training, engine } = options;
  const features = training.pictures[0]?.views[0]?.length ?? 0;
  const fitter = await LogisticFitter.open(engine, { features, classes: training.classes.length });
  try {
    return await fitWith(fitter, options, keepState);
  } finally {
    await fitter.release();
  }
}

async function fitWith(
  fitter: LogisticFitter,
  options: FitHeadOptions,
  keepState?: (name: string) => KeptHead,
): Promise<FitHeadResult> {
  const { training, validation, views = 4, folds = 3, seed = 0, prior = 'data' } = options;
  const { foldCallbacks = [], onStep = () => {} } = options;
  const kind = choose(options);
  const { strength, energies } = kind.logistic
    ? await chooseStrength(fitter, training, { seed, onStep })
    : { strength: 0, energies: new Map<string, number>() };
  const logPrior = prior === 'flat' ? logPriorOf(training) : null;
  const fitLogistic = (data: Dataset) =>
    kind.logistic ? fitter.fit({ ...toArrays(data, views), views }, { strength }) : null;

  const began = performance.now();
  const trials: Trial[] = [];
  const parted = validation || folds < 2 ? [] : stratifiedFolds(training, folds, new RandomState(seed));
  for (const [i, fold] of parted.entries()) {
    options.onFold?.(i, parted.length);
    await onStep();
    const quiet: TrainHeadOptions = {
      ...{ ...options, training: fold.training, callbacks: foldCallbacks },
      verbose: 0,
      keep: 'last',
    };
    const random = new RandomState(seed + 1 + i);
    const dense = kind.dense ? (await trainHead({ ...quiet, random }, keepState?.(`fold-${i}`))).head : null;
    trials.push(await tryOn(fold.held, { dense, logistic: await fitLogistic(fold.training) }));
  }
  const foldSeconds = (performance.now() - began) / 1000;

  await onStep();
  const random = new RandomState(seed);
  const keep = validation ? options.keep : 'last';
  const trained = kind.dense ? await trainHead({ ...options, keep, random }, keepState?.('model')) : null;
  const logistic = await fitLogistic(training);
  if (validation) trials.push(await tryOn(validation, { dense: trained?.head ?? null, logistic }));

  const labels = trials.flatMap(({ held }) => held.pictures.map(({ label }) => label));
  const logits = joinFloats(trials.map(({ dense }) => dense));
  const temperature = kind.dense ? fitTemperature({ logits, labels }) : 1;
  const classes = training.classes.length;
  const leftOut = trials.flatMap(({ held, ...trial }) =>
    held.pictures.map((picture, row) => ({
      picture,
      probabilities: combine(trial, { temperature, logPrior, row, classes }),
    })),
  );
  const predictions = leftOut.map(({ picture, probabilities }) => ({ label: picture.label, probabilities }));
  return {
    fitted: { dense: trained && { model: trained.head, temperature }, logistic, logPrior },
    evaluation: leftOut.length > 0 ? evaluatePredictions(training.classes, predictions) : null,
    leftOut,
    energies,
    foldSeconds,
    history: trained?.history ?? {},
    bestEpoch: trained?.bestEpoch ?? 0,
  };
}

function choose({ head = 'auto', training }: FitHeadOptions): { dense: boolean; logistic: boolean } {
  if (head !== 'auto') return { dense: head === 'article', logistic: head === 'logistic' };
  return { dense: training.pictures.length >= enoughForDense * training.classes.length, logistic: true };
}

/** Logits (N, C) of held-out pictures, of each part of the head; empty for a part that is not there. */
interface Trial {
  readonly held: Dataset;
  readonly dense: Float32Array;
  readonly logistic: Float32Array;
}

async function tryOn(
  held: Dataset,
  { dense, logistic }: { dense: Sequential | null; logistic: Logistic | null },
): Promise<Trial> {
  const { x } = toArrays(held, 1);
  return {
    held,
    dense: dense ? logOf(await dense.predict(x, { verbose: 0 })) : new Float32Array(0),
    logistic: logistic ? logitsOf(logistic, x) : new Float32Array(0),
  };
}

/** log p are logits less a number that softmax does not see. Where p has underflowed they are as small as can be. */
const logOf = ({ data }: Tensor<'float32'>): Float32Array =>
  data.map((probability) => Math.log(Math.max(probability, 1e-37)));

/** Probabilities of one row, computed as the graph does. */
function combine(
  { dense, logistic }: Pick<Trial, 'dense' | 'logistic'>,
  {
    temperature,
    logPrior,
    row,
    classes,
  }: { temperature: number; logPrior: Float32Array | null; row: number; classes: number },
): Float32Array {
  const parts = [
    ...(dense.length > 0 ? [softmax(rowOf(dense, row, classes), temperature, logPrior)] : []),
    ...(logistic.length > 0 ? [softmax(rowOf(logistic, row, classes), 1, logPrior)] : []),
  ];
  return Float32Array.from(
    { length: classes },
    (_, c) => parts.reduce((sum, part) => sum + (part[c] ?? 0), 0) / parts.length,
  );
}

const rowOf = (values: Float32Array, row: number, width: number) =>
  values.subarray(row * width, (row + 1) * width);

/** Probabilities of one row of logits (C), which are divided by a temperature and lose a prior first. */
export function softmax(
  logits: Float32Array,
  temperature = 1,
  logPrior: Float32Array | null = null,
): Float32Array {
  const scaled = logits.map((logit, c) => logit / temperature - (logPrior?.[c] ?? 0));
  const top = Math.max(...scaled);
  const exponentials = scaled.map((logit) => Math.exp(logit - top));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/** log(n_c/N) of each class, the share of the pictures that it has. */
export function logPriorOf({ classes, pictures }: Dataset): Float32Array {
  const counts = classes.map((_, label) => pictures.filter((picture) => picture.label === label).length);
  return Float32Array.from(counts, (count) => Math.log(Math.max(count, 1) / pictures.length));
}

/** From much regularisation to little. */
const strengths: readonly number[] = [0.001, 0.01, 0.1, 1, 10];

/**
 * The strength with the lowest mean negative log-likelihood over 5 folds, with the first view of each picture, and the
 * energies of the pictures left out at that strength.
 */
async function chooseStrength(
  fitter: LogisticFitter,
  training: Dataset,
  { seed, onStep }: { seed: number; onStep: () => void | Promise<void> },
): Promise<{ strength: number; energies: ReadonlyMap<string, number> }> {
  const trials = strengths.map((strength) => ({ strength, nll: 0, energies: new Map<string, number>() }));
  for (const { training: part, held } of stratifiedFolds(training, 5, new RandomState(seed))) {
    const data = toArrays(part, 1);
    const { x } = toArrays(held, 1);
    const labels = held.pictures.map(({ label }) => label);
    let start: Logistic | undefined;
    for (const trial of trials) {
      await onStep();
      start = await fitter.fit(data, { strength: trial.strength, start });
      const logits = logitsOf(start, x);
      trial.nll += meanNll({ logits, labels }) * labels.length;
      for (const [row, { path }] of held.pictures.entries())
        trial.energies.set(path, energyOf(rowOf(logits, row, training.classes.length)));
    }
  }
  const [best] = trials.filter(({ energies }) => energies.size > 0).sort((a, b) => a.nll - b.nll);
  // With one picture a class nothing can be left out.
  return best ?? { strength: 1, energies: new Map() };
}
