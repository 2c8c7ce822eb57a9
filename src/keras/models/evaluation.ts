import type { Callback, Clock, Logs, Print, Verbose, Warn } from '../callbacks/callback.js';
import type { CallbackList } from '../callbacks/callback-list.js';
import type { ArrayLikeData } from './data.js';
import type { Source } from './source.js';
import type { Totals } from './totals.js';
import type { Trainer } from './trainer.js';

export interface EvaluateOptions {
  batchSize?: number;
  sampleWeight?: ArrayLikeData;
  verbose?: Verbose;
  steps?: number | null;
  callbacks?: Callback | readonly Callback[];
  print?: Print;
  warn?: Warn;
  now?: Clock;
}

/** Batches that are evaluated at a time: sums do not depend on it, only memory does. */
const batchesAtOnce = 32;

/** Evaluates one pass, or some steps of it. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.evaluate */
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
  const most = callbacks.needsEveryTestBatch ? 1 : batchesAtOnce;
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
