import { named, refuseOthers } from '../../named-options.js';
import type { Callback, Clock, Logs, Print, Verbose, Warn } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import { type Data, openSource } from './choose-source.js';
import type { ArrayLikeData } from './data.js';
import { spreadBatches } from './first-batch.js';
import type { Prepare, Runnable } from './runtime.js';
import type { Source } from './source.js';
import { Totals } from './totals.js';
import type { Trainer } from './trainer.js';

/** Arguments of `evaluate`, as Keras has them. */
export interface EvaluateOptions {
  /** Samples a batch, for arrays. Default: 32, or as many as make `steps` batches. */
  batchSize?: number;
  /** Weights of the samples, for arrays. Default: 1 each. */
  sampleWeight?: ArrayLikeData;
  /** 0 is silent, 1 a progress bar, 2 one line at the end; `auto` is 1. Default: `auto`. */
  verbose?: Verbose;
  /** Batches to evaluate. Default: one pass. */
  steps?: number | null;
  /** Callbacks to tell of each batch. Default: none. */
  callbacks?: Callback | readonly Callback[];
  /** Writes the progress. Default: to standard output. */
  print?: Print;
  /** Takes warnings. Default: `console.warn`. */
  warn?: Warn;
  /** The clock, in seconds. Default: the system's. */
  now?: Clock;
}

/** A call of `evaluate`. */
export interface EvaluateCall {
  readonly x: Data;
  readonly y: ArrayLikeData | null;
  readonly options: EvaluateOptions;
}

/** Measures a model. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.evaluate */
export async function evaluateModel(model: Runnable, prepare: Prepare, call: EvaluateCall): Promise<Logs> {
  const {
    batchSize,
    sampleWeight,
    verbose = 'auto',
    steps = null,
    callbacks,
    print,
    warn,
    now,
    ...others
  } = named(call.options, 'evaluate');
  refuseOthers(others, 'evaluate', (options) => evaluateModel(model, prepare, { ...call, options }));
  const x = spreadBatches(call.x, call.y);
  const { data, ready } = await prepare(x);
  const { source } = await openSource(data, ready, {
    ...{ y: call.y, sampleWeight, batchSize, steps, shuffle: false, warn },
  });
  const list = new CallbackList({
    callbacks,
    addProgbar: verbose !== 0,
    model,
    params: { verbose, epochs: 1, steps: steps ?? source.batches },
    print,
    now,
  });
  const totals = new Totals(model);
  return evaluateBatches(ready.trainer, source, { totals, callbacks: list, steps }).finally(() =>
    ready.parts.threads?.close(),
  );
}

/** Batches that are evaluated at a time: sums do not depend on it, only memory does. */
const batchesAtOnce = 32;

/** Measures one pass, or some steps of it. */
export async function evaluateBatches(
  trainer: Trainer,
  source: Source,
  { totals, callbacks, steps }: { totals: Totals; callbacks: CallbackList; steps: number | null },
): Promise<Logs> {
  totals.reset();
  source.onEpochEnd();
  source.start();
  await callbacks.onTestBegin();
  const limit = steps ?? Number.POSITIVE_INFINITY;
  const most = callbacks.needsEveryTestBatch || totals.needWholeBatches ? 1 : batchesAtOnce;
  for (let step = 0; step < limit; ) {
    const run = await source.next(Math.min(most, limit - step), limit - step);
    if (!run) break;
    await callbacks.onTestBatchBegin(step);
    const sums = await trainer.evaluate(run.samples);
    totals.add(sums.data, run.order.length);
    step += Math.ceil(run.order.length / run.batchSize);
    await callbacks.onTestBatchEnd(step - 1, totals.logs());
  }
  source.onEpochEnd();
  const logs = totals.logs();
  await callbacks.onTestEnd(logs);
  return logs;
}
