import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { histogram } from '../../src/keras/callbacks/event-file.js';
import { type CallbackModel, type Logs, TensorBoard } from '../../src/keras/callbacks/index.js';

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/event-files.json', import.meta.url), 'utf8'),
);

interface Run {
  options: Record<string, unknown>;
  /** Each epoch's logs by batch, and its own. */
  epochs: [Logs[], Logs][];
  /** Kernel (3, 2) and bias (2). */
  weights: [number[], number[]];
}

/** A `Sequential` named 'small' of one Dense layer named 'head', as far as callbacks see it. */
function smallModel([kernel, bias]: Run['weights']): CallbackModel & { optimizer: { iterations: number } } {
  const weights = [
    { name: 'kernel', shape: [3, 2], value: Float32Array.from(kernel) },
    { name: 'bias', shape: [2], value: Float32Array.from(bias) },
  ];
  return {
    name: 'small',
    className: 'Sequential',
    stopTraining: false,
    optimizer: { learningRate: 0.01, iterations: 0 },
    metrics: [],
    weights,
    layers: [{ name: 'head', className: 'Dense', weights }],
    getWeights: () => weights.map(({ value }) => value),
    setWeights() {},
    save() {},
    saveWeights() {},
    loadWeights() {},
    toJson: () => '{"class_name": "Sequential", "ä": 1}',
  };
}

async function filesOf({ options, epochs, weights }: Run): Promise<Record<string, string>> {
  const logDir = await mkdtemp(join(tmpdir(), 'tensorboard-'));
  const camelCase = Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );
  const callback = new TensorBoard({ logDir, ...camelCase, now: () => golden.time });
  const model = smallModel(weights);
  callback.setModel(model);
  await callback.onTrainBegin();
  for (const [epoch, [batches, logs]] of epochs.entries()) {
    callback.onEpochBegin();
    for (const [batch, batchLogs] of batches.entries()) {
      callback.onTrainBatchBegin();
      model.optimizer.iterations += 1;
      await callback.onTrainBatchEnd(batch, batchLogs);
    }
    await callback.onTestBegin();
    for (let batch = 0; batch < 2; batch++) callback.onTestBatchBegin();
    const validation = Object.entries(logs).filter(([name]) => name.startsWith('val_'));
    await callback.onTestEnd(Object.fromEntries(validation.map(([name, value]) => [name.slice(4), value])));
    await callback.onEpochEnd(epoch, logs);
  }
  await callback.onTrainEnd();
  const contents = ['train', 'validation'].map(async (part) => {
    const [file, ...others] = await readdir(join(logDir, part));
    if (others.length > 0) throw new Error(`Expected one file in ${part}. Received: ${others.length + 1}.`);
    return [part, (await readFile(join(logDir, part, file!))).toString('base64')] as const;
  });
  const files = Object.fromEntries(await Promise.all(contents));
  await rm(logDir, { recursive: true });
  return files;
}

for (const { scenario, files } of golden.runs)
  test(`event files are those of Keras, byte for byte: ${JSON.stringify(scenario.options)}`, async (t) => {
    t.deepEqual(await filesOf(scenario), files);
  });

test('a value of a histogram counts in the interval in which it lies', (t) => {
  const values = Float32Array.of(0, 0.4, 0.6, 1.5, 28.9, 29.9, 30);
  const { tensor } = histogram('kernel', values);
  // 30 rows of lower edge, upper edge and count end the message.
  const rows = new Float64Array(tensor.slice(-30 * 3 * 8).buffer);
  const counts = Array.from({ length: 30 }, (_, i) => [...rows.subarray(3 * i, 3 * i + 3)]);
  t.deepEqual(
    counts,
    Array.from({ length: 30 }, (_, i) => {
      const last = i === 29;
      return [i, i + 1, values.filter((value) => value >= i && (last || value < i + 1)).length];
    }),
  );
});

test('options that are not there are refused', (t) => {
  const options = { writeImages: true } as object;
  t.throws(() => new TensorBoard(options), {
    name: 'ValueError',
    message:
      'Expected options of TensorBoard that this package has. Received: writeImages. Hint: leave it out; scalars, histograms and the graph are written.',
  });
});
