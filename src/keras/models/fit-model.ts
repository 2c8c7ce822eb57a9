import { named, refuseOthers } from '../../named-options.js';
import type { MetricResult } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import { History } from '../callbacks/history.js';
import { arraySource, type Data, openSource } from './choose-source.js';
import type { ArrayLikeData, Batch } from './data.js';
import { evaluateBatches } from './evaluation.js';
import { spreadBatches } from './first-batch.js';
import { type FitOptions, runEpochs, type ValidationData } from './fit.js';
import type { Prepare, Runnable } from './runtime.js';
import type { Source } from './source.js';
import { Totals } from './totals.js';

/** A call of `fit`, or of `fitGenerator`, whose batches never end. */
export interface FitCall {
  readonly name: 'fit' | 'fitGenerator';
  readonly x: Data;
  readonly y: ArrayLikeData | null;
  readonly options: FitOptions;
}

/** Trains a model. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.fit */
export async function fitModel<Result extends MetricResult = number>(
  model: Runnable,
  prepare: Prepare,
  call: FitCall,
): Promise<History<Result>> {
  const {
    batchSize,
    epochs = 1,
    verbose = 'auto',
    callbacks,
    validationSplit = 0,
    validationData = null,
    shuffle = true,
    classWeight,
    sampleWeight,
    initialEpoch = 0,
    stepsPerEpoch = null,
    validationSteps = null,
    validationBatchSize = batchSize,
    validationFreq = 1,
    views,
    random,
    print,
    warn = console.warn,
    now,
    ...others
  } = named(call.options, call.name);
  refuseOthers(others, call.name, (options) => fitModel(model, prepare, { ...call, options }));
  const x = spreadBatches(call.x, call.y);
  const endless = call.name === 'fitGenerator';
  const { data, ready } = await prepare(x, { random });
  const { trainer, parts } = ready;
  const { source, held } = await openSource(data, ready, {
    ...{ y: call.y, sampleWeight, classWeight, batchSize, steps: stepsPerEpoch, shuffle, views, endless },
    ...{ random, warn, validationSplit: validationData ? 0 : validationSplit },
  });
  const { batches } = source;
  if (!endless && stepsPerEpoch !== null && batches !== null)
    warnOfShortEpoch({ batches, stepsPerEpoch, epochs: epochs - initialEpoch, warn });

  const validating = {
    batchSize: validationBatchSize,
    steps: validationSteps,
    shuffle: false,
    endless,
    warn,
  };
  const openValidation = async (): Promise<Source | null> => {
    if (!validationData) return held && arraySource(held, validating);
    const [valX, y, weights] = isTuple(validationData) ? validationData : [validationData];
    return (await openSource(valX, ready, { ...validating, y, sampleWeight: weights })).source;
  };
  let validation: Source | null = null;
  const validate = async () => {
    validation ??= await openValidation();
    if (!validation) return {};
    const steps = validationSteps ?? (endless ? validation.batches : null);
    return evaluateBatches(trainer, validation, {
      totals: new Totals(model),
      callbacks: list,
      steps,
    });
  };

  const list = new CallbackList({
    callbacks,
    addHistory: true,
    addProgbar: verbose !== 0,
    model,
    params: { verbose, epochs, steps: stepsPerEpoch ?? batches },
    print,
    now,
  });
  model.stopTraining = false;
  model.restoredEpoch = undefined;
  model.restoredBatch = undefined;
  const totals = new Totals(model);
  model.batchTotals = () => totals.state();
  await runEpochs({
    trainer,
    source,
    totals,
    callbacks: list,
    model,
    epochs,
    initialEpoch: () => model.restoredEpoch ?? initialEpoch,
    stepsPerEpoch: stepsPerEpoch ?? (endless ? batches : null),
    shouldValidate: (epoch) =>
      typeof validationFreq === 'number'
        ? (epoch + 1) % validationFreq === 0
        : validationFreq.includes(epoch + 1),
    validate: held || validationData ? validate : null,
    warn,
    now: now ?? (() => performance.now() / 1000),
  }).finally(() => parts.threads?.close());
  return (list.history as History<Result> | undefined) ?? new History<Result>();
}

/** Whether this is one tuple of arrays, rather than something that yields such. */
const isTuple = (data: ValidationData): data is Batch => Array.isArray(data);

interface Epochs {
  readonly batches: number;
  readonly stepsPerEpoch: number;
  /** Epochs to come. */
  readonly epochs: number;
  readonly warn: (message: string) => void;
}

/** Keras ends an epoch where a pass ends, so that steps which do not divide a pass leave a short epoch. */
function warnOfShortEpoch({ batches, stepsPerEpoch, epochs, warn }: Epochs): void {
  const left = batches % stepsPerEpoch;
  const short = Math.ceil(batches / stepsPerEpoch);
  if (left === 0 || short < 2 || short > epochs) return;
  warn(
    `Expected \`stepsPerEpoch\` to divide the ${batches} batches of a pass. Received: ${stepsPerEpoch}. Epoch ${short} will train on the ${left} that are left, as in Keras 3. Hint: \`fitGenerator\` goes on with the next pass instead, as Keras 2 did.`,
  );
}
