import { ValueError } from '../../errors.js';
import { rowCount } from '../../graph/rows.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Logs } from '../callbacks/callback.js';
import type { ArrayLikeData, Inputs } from './data.js';
import type { Prepare, Runnable } from './runtime.js';
import { type ClassWeight, toSamples } from './samples.js';
import { inOrder } from './source.js';
import { Totals } from './totals.js';
import type { Samples } from './trainer.js';

/** Arguments of `trainOnBatch` and `testOnBatch`, as Keras has them. */
export interface BatchOptions {
  /** Weights of the samples. Default: 1 each. */
  sampleWeight?: ArrayLikeData;
  /** Weights of the classes by their indices; for training alone. Default: 1 each. */
  classWeight?: ClassWeight;
}

interface BatchCall {
  readonly x: Inputs;
  readonly y: ArrayLikeData;
  readonly options: BatchOptions;
}

/** One step on one batch. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.train_on_batch */
export async function trainOnBatch(model: Runnable, prepare: Prepare, call: BatchCall): Promise<Logs> {
  const { x, y, options } = call;
  const { sampleWeight, classWeight, ...others } = named(options, 'trainOnBatch');
  refuseOthers(others, 'trainOnBatch', (probe) => trainOnBatch(model, prepare, { x, y, options: probe }));
  if (classWeight && sampleWeight)
    throw new ValueError(
      'Arguments `sample_weight` and `class_weight` cannot be specified at the same time.',
    );
  const { ready } = await prepare(x);
  const samples = await toSamples([x, y, sampleWeight], { ...ready.form, classWeight });
  return logsOf(await ready.trainer.train(inOrder(samples, rowCount(samples.y))), samples, model);
}

/** Measures one batch. Source: keras.src.backend.tensorflow.trainer.TensorFlowTrainer.test_on_batch */
export async function testOnBatch(model: Runnable, prepare: Prepare, call: BatchCall): Promise<Logs> {
  const { x, y, options } = call;
  const { sampleWeight, ...others } = named<Omit<BatchOptions, 'classWeight'>>(options, 'testOnBatch');
  refuseOthers(others, 'testOnBatch', (probe) => testOnBatch(model, prepare, { x, y, options: probe }));
  const { ready } = await prepare(x);
  const samples = await toSamples([x, y, sampleWeight], ready.form);
  return logsOf(await ready.trainer.evaluate(samples), samples, model);
}

function logsOf({ data }: { data: Float32Array }, { y }: Samples, model: Runnable): Logs {
  const totals = new Totals(model);
  totals.add(data, rowCount(y));
  return totals.logs();
}
