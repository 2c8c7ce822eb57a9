import { joinRows, rowCount, sliceRows } from '../../graph/rows.js';
import type { Tensor } from '../../graph/tensor.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Callback, CallbackModel, Clock, Print, Verbose } from '../callbacks/callback.js';
import { CallbackList } from '../callbacks/callback-list.js';
import { PyDatasetAdapter } from '../preprocessing/py-dataset-adapter.js';
import type { Data } from './choose-source.js';
import { type Batch, toInputs } from './data.js';
import { isDataset } from './dataset-source.js';
import type { Parts } from './parts.js';
import { isBatches, lengthOf } from './source.js';

/** Arguments of `predict`, as Keras has them. */
export interface PredictOptions {
  /** Samples a batch, for arrays. Default: 32, or as many as make `steps` batches. */
  batchSize?: number;
  /** 0 is silent, 1 a progress bar, 2 one line at the end; `auto` is 1. Default: `auto`. */
  verbose?: Verbose;
  /** Batches to predict. Default: one pass. */
  steps?: number | null;
  /** Callbacks to tell of each batch. Default: none. */
  callbacks?: Callback | readonly Callback[];
  /** Writes the progress. Default: to standard output. */
  print?: Print;
  /** The clock, in seconds. Default: the system's. */
  now?: Clock;
}

/** A model's outputs for arrays, generators or data sets, batch by batch. */
export async function predictBatches(
  model: CallbackModel,
  load: () => Promise<{ data: Data; parts: Parts }>,
  options: PredictOptions,
): Promise<Tensor<'float32'>> {
  const {
    batchSize,
    verbose = 'auto',
    steps = null,
    callbacks,
    print,
    now,
    ...others
  } = named(options, 'predict');
  refuseOthers(others, 'predict', (probe) => predictBatches(model, load, probe));
  const { data, parts } = await load();
  const names = parts.model.inputNames;
  const { batches, length } = inputBatches(data, { batchSize, steps, names });
  const list = new CallbackList({
    callbacks,
    addProgbar: verbose !== 0,
    model,
    params: { verbose, epochs: 1, steps: steps ?? length },
    print,
    now,
  });
  await list.onPredictBegin();
  const outputs: Tensor<'float32'>[] = [];
  for await (const inputs of batches) {
    const step = outputs.length;
    await list.onPredictBatchBegin(step);
    const output = await parts.predict(inputs);
    outputs.push(output);
    await list.onPredictBatchEnd(step, { outputs: output });
    if (outputs.length === (steps ?? length)) break;
  }
  await list.onPredictEnd();
  return joinRows(outputs);
}

type InputBatches = AsyncIterable<Tensor<'float32'>[]> | Iterable<Tensor<'float32'>[]>;

function inputBatches(
  x: Data,
  { batchSize, steps, names }: Pick<PredictOptions, 'batchSize' | 'steps'> & { names: readonly string[] },
): { batches: InputBatches; length: number | null } {
  if (isDataset(x)) {
    const adapter = new PyDatasetAdapter(x, { reset: false });
    return { batches: inputsOf(adapter.pass(), names), length: adapter.length };
  }
  if (isBatches(x)) return { batches: inputsOf(x, names), length: lengthOf(x) };
  const inputs = toInputs(x, names);
  const count = Math.max(0, ...inputs.map(rowCount));
  const size = batchSize ?? (steps ? Math.ceil(count / steps) : 32);
  const length = Math.ceil(count / size);
  const batches = Array.from({ length }, (_, i) =>
    inputs.map((input) => sliceRows(input, i * size, (i + 1) * size) as Tensor<'float32'>),
  );
  return { batches, length };
}

async function* inputsOf(
  batches: AsyncIterable<Batch> | Iterable<Batch>,
  names: readonly string[],
): AsyncGenerator<Tensor<'float32'>[]> {
  for await (const [x] of batches) yield toInputs(x, names);
}
