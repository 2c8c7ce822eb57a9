import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TensorBoard } from '../../src/keras/callbacks/index.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { pythonScript } from './python.js';
import { seeded } from './random-scenarios.js';

const readScalars = pythonScript('read_events.py');

test.serial('TensorFlow reads the event files of a training', async (t) => {
  const random = seeded(7);
  const numbers = (count: number) => Float32Array.from({ length: count }, random);
  const data = (rows: number, columns: number) => ({
    type: 'float32' as const,
    dims: [rows, columns],
    data: numbers(rows * columns),
  });
  const logDir = await mkdtemp(join(tmpdir(), 'tensorboard-'));
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]);
  model.compile({ loss: 'mse', engine: 'js' });
  const { history } = await model.fit(data(20, 3), data(20, 2), {
    batchSize: 5,
    epochs: 3,
    verbose: 0,
    validationData: [data(10, 3), data(10, 2)],
    callbacks: [new TensorBoard({ logDir, histogramFreq: 1 })],
  });
  const read = await readScalars(logDir);
  await rm(logDir, { recursive: true });

  const epochs = [0, 1, 2];
  const at = (name: string, epoch: number) => Math.fround(history[name]![epoch]!);
  t.deepEqual(read, [
    ...epochs.flatMap((epoch) => [
      ['train', epoch, 'epoch_loss', at('loss', epoch)],
      ['train', epoch, 'epoch_learning_rate', Math.fround(0.001)],
    ]),
    ...epochs.flatMap((epoch) => [
      ['validation', (epoch + 1) * 4, 'evaluation_loss_vs_iterations', at('val_loss', epoch)],
      ['validation', epoch, 'epoch_loss', at('val_loss', epoch)],
    ]),
  ]);
});
