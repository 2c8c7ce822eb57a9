import test from 'ava';
import { type TrainHeadOptions, trainHead } from '../../src/classifier/head.js';
import { jsEngine } from '../../src/engine/js.js';
import { LambdaCallback } from '../../src/keras/callbacks/index.js';

function options(value: number): TrainHeadOptions {
  const pictures = [0, 1, 0, 1].map((label, i) => ({
    path: `${i}.jpg`,
    content: '',
    label,
    views: [Float32Array.of(i, value, 1)],
  }));
  return {
    training: { folder: '', classes: ['a', 'b'], pictures, skipped: [] },
    validation: null,
    engine: jsEngine(),
    ...{ hidden: [3], views: 1, epochs: 3, batchSize: 2, print() {} },
  };
}

test('a loss that is no number ends training with its epoch', async (t) => {
  const epochs: number[] = [];
  const callbacks = [new LambdaCallback({ onEpochEnd: (epoch) => void epochs.push(epoch) })];
  await t.throwsAsync(trainHead({ ...options(Number.NaN), callbacks }), {
    name: 'TrainingError',
    message: 'Expected the loss to stay finite. Received: NaN in epoch 1. Hint: lower the learning rate.',
  });
  t.deepEqual(epochs, [0]);
});

test('batches are trained on together', async (t) => {
  const batches: number[] = [];
  class Counter extends LambdaCallback {
    override get needsEveryBatch(): boolean {
      return false;
    }
  }
  const callbacks = [new Counter({ onTrainBatchEnd: (batch) => void batches.push(batch) })];
  const { history } = await trainHead({ ...options(2), callbacks });
  t.is(history.loss!.length, 3);
  // One batch alone, to see how long it takes, and then both at once.
  t.deepEqual(batches, [0, 1, 1, 1]);
});
