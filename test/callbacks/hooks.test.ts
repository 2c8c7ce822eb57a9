import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { writeFile } from '#platform';
import {
  Callback,
  CallbackList,
  EarlyStopping,
  History,
  LambdaCallback,
  type Logs,
  ModelCheckpoint,
  type PredictLogs,
  ProgbarLogger,
  TensorBoard,
  TerminateOnNaN,
} from '../../src/keras/callbacks/index.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';

const tensor = (rows: number, columns: number) => ({
  type: 'float32' as const,
  dims: [rows, columns],
  data: Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
});

function compiledModel(): Sequential {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 1 })]);
  model.compile({ loss: 'mse', engine: 'js' });
  return model;
}

const fitData = [tensor(6, 3), tensor(6, 1)] as const;
const fitOptions = {
  batchSize: 3,
  verbose: 0 as const,
  validationData: [tensor(3, 3), tensor(3, 1)] as const,
};

test('fit calls the hooks of subclasses in Keras’s order', async (t) => {
  const calls: string[] = [];
  class Recorder extends Callback {
    override onTrainBegin = () => void calls.push('train begin');
    override onTrainEnd = (logs: Logs) => void calls.push(`train end ${Object.keys(logs)}`);
    override onEpochBegin = (epoch: number) => void calls.push(`epoch ${epoch} begin`);
    override onEpochEnd = (epoch: number, logs: Logs) =>
      void calls.push(`epoch ${epoch} end ${Object.keys(logs)}`);
    override onTrainBatchBegin = (batch: number) => void calls.push(`batch ${batch} begin`);
    override onBatchEnd = (batch: number, logs: Logs) =>
      void calls.push(`batch ${batch} end ${Object.keys(logs)}`);
    override onTestBegin = () => void calls.push('test begin');
    override onTestBatchBegin = (batch: number) => void calls.push(`test batch ${batch} begin`);
    override onTestBatchEnd = (batch: number) => void calls.push(`test batch ${batch} end`);
    override onTestEnd = (logs: Logs) => void calls.push(`test end ${Object.keys(logs)}`);
  }
  await compiledModel().fit(...fitData, { ...fitOptions, epochs: 1, callbacks: [new Recorder()] });
  t.deepEqual(calls, [
    'train begin',
    'epoch 0 begin',
    'batch 0 begin',
    'batch 0 end loss',
    'batch 1 begin',
    'batch 1 end loss',
    'test begin',
    'test batch 0 begin',
    'test batch 0 end',
    'test end loss',
    'epoch 0 end loss,val_loss',
    'train end loss,val_loss',
  ]);
});

test('evaluate and predict tell of every batch, predict with what it made of it', async (t) => {
  const calls: string[] = [];
  const parts: number[] = [];
  class Recorder extends Callback {
    override onTestBatchEnd = (batch: number, logs: Logs) =>
      void calls.push(`test ${batch} ${Object.keys(logs)}`);
    override onPredictBatchEnd = (batch: number, { outputs }: PredictLogs) => {
      calls.push(`predict ${batch} (${outputs.dims})`);
      parts.push(...outputs.data);
    };
  }
  const model = compiledModel();
  const [x, y] = fitData;
  const options = { batchSize: 1, verbose: 0, callbacks: new Recorder() } as const;
  await model.evaluate(x, y, options);
  const { data } = await model.predict(x, options);
  t.deepEqual(calls, [
    ...Array.from({ length: x.dims[0]! }, (_, i) => `test ${i} loss`),
    ...Array.from({ length: x.dims[0]! }, (_, i) => `predict ${i} (1,${data.length / x.dims[0]!})`),
  ]);
  t.deepEqual(parts, [...data]);
});

test('each hook waits for the one before', async (t) => {
  const calls: string[] = [];
  const slow = new LambdaCallback({
    onEpochEnd: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      calls.push('slow');
    },
  });
  const fast = new LambdaCallback({ onEpochEnd: () => void calls.push('fast') });
  await new CallbackList({ callbacks: [slow, [fast]] }).onEpochEnd(0, {});
  t.deepEqual(calls, ['slow', 'fast']);
});

test('callbacks see sorted logs, and what the ones before have added', async (t) => {
  const seen: Logs[] = [];
  const adds = new LambdaCallback({
    onEpochEnd: (_epoch, logs) => {
      logs!.extra = 1;
    },
  });
  const sees = new LambdaCallback({ onEpochEnd: (_epoch, logs) => void seen.push({ ...logs }) });
  const given = { val_loss: 3, loss: 2, accuracy: 1 };
  await new CallbackList({ callbacks: [adds, sees] }).onEpochEnd(0, given);
  t.deepEqual(Object.keys(seen[0]!), ['accuracy', 'loss', 'val_loss', 'extra']);
  t.deepEqual(given, { val_loss: 3, loss: 2, accuracy: 1 });
});

test('a list adds history and progress bar unless they are there', (t) => {
  const [history, progbar] = [new History(), new ProgbarLogger()];
  const given = new CallbackList({ callbacks: [progbar, history], addHistory: true, addProgbar: true });
  t.deepEqual(given.callbacks, [progbar, history]);
  t.is(given.history, history);
  const added = new CallbackList({ addHistory: true, addProgbar: true });
  t.deepEqual(
    added.callbacks.map((callback) => callback.constructor),
    [History, ProgbarLogger],
  );
  t.is(added.history, added.callbacks[0] as History);
});

test('history keeps what earlier fits recorded when it is passed on', async (t) => {
  const history = new History();
  const model = compiledModel();
  const options = { ...fitOptions, callbacks: [history] };
  await model.fit(...fitData, { ...options, epochs: 2 });
  const first = history.history.loss!.slice();
  t.is(await model.fit(...fitData, { ...options, epochs: 3, initialEpoch: 2 }), history);
  t.is(model.history, history);
  t.deepEqual(history.epoch, [2]);
  t.is(history.history.loss!.length, 3);
  t.deepEqual(history.history.loss!.slice(0, 2), first);
  t.deepEqual(history.params, { verbose: 0, epochs: 3, steps: 2 });
});

test('stopTraining ends the epoch after the batch that sets it', async (t) => {
  const batches: number[] = [];
  const stop = new LambdaCallback({
    onTrainBatchEnd: (batch) => {
      batches.push(batch);
      model.stopTraining = true;
    },
  });
  const model = compiledModel();
  const { epoch } = await model.fit(...fitData, { ...fitOptions, epochs: 5, callbacks: [stop] });
  t.deepEqual({ batches, epoch }, { batches: [0], epoch: [0] });
});

test('early stopping puts the best weights back', async (t) => {
  const model = compiledModel();
  const losses = [3, 1, 2, 2];
  const weights: Float32Array[][] = [];
  const worsen = new LambdaCallback({
    onEpochEnd: (epoch, logs) => {
      logs!.val_loss = losses[epoch]!;
      weights.push(model.getWeights());
    },
  });
  const { epoch } = await model.fit(...fitData, {
    ...fitOptions,
    epochs: 9,
    callbacks: [worsen, new EarlyStopping({ patience: 2, restoreBestWeights: true })],
  });
  t.deepEqual(epoch, [0, 1, 2, 3]);
  t.deepEqual(model.getWeights(), weights[1]);
  t.notDeepEqual(weights[3], weights[1]);
});

test('only callbacks that watch batches ask for every batch', (t) => {
  const needs = (...callbacks: Callback[]) =>
    new CallbackList({ callbacks, addHistory: true, addProgbar: true }).needsEveryBatch;
  const filepath = 'model.keras';
  t.false(needs());
  t.false(needs(new EarlyStopping(), new ModelCheckpoint({ filepath }), new TensorBoard()));
  t.true(needs(new TerminateOnNaN()));
  t.true(needs(new ModelCheckpoint({ filepath, saveFreq: 3 })));
  t.true(needs(new TensorBoard({ updateFreq: 10 })));
  t.true(needs(new LambdaCallback({ onTrainBatchEnd: () => {} })));
});

test('differs from Keras: the best within an epoch can be saved, where Keras fails', async (t) => {
  let out = '';
  const callback = new ModelCheckpoint({
    filepath: join(tmpdir(), 'never-written.keras'),
    monitor: 'loss',
    saveBestOnly: true,
    initialValueThreshold: 0,
    saveFreq: 1,
    verbose: 1,
    print: (text) => {
      out += text;
    },
  });
  callback.setModel(compiledModel());
  callback.onEpochBegin(0);
  await callback.onTrainBatchEnd(0, { loss: 1 });
  t.is(out, '\nEpoch 1: loss did not improve from 0.00000\n');
});

test('a checkpoint that is a folder is refused', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  const filepath = join(folder, 'taken.keras');
  await mkdir(filepath);
  const model = compiledModel();
  model.save = (path) => writeFile(path, 'model');
  const callbacks = [new ModelCheckpoint({ filepath })];
  await t.throwsAsync(model.fit(...fitData, { ...fitOptions, callbacks }), {
    message: `Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an existing directory: ${filepath}`,
  });
  await rm(folder, { recursive: true });
});

test('a callback without a model says so', (t) => {
  t.throws(() => new EarlyStopping().model, {
    message: 'EarlyStopping has no model yet. Hint: pass it to `fit`, or call setModel.',
  });
});
