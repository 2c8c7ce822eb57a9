import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Engine } from '../../src/engine/engine.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { float32 } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { CategoricalCrossentropy } from '../../src/keras/losses/index.js';
import { trainingPlan } from '../../src/keras/models/plan.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { Trainer } from '../../src/keras/models/trainer.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { inTurn, type Row } from './median.js';

const [inputs, hidden, classes] = [1024, [1024, 512, 512], 14] as const;

/** Steps of one measurement: as many as the slow ones bear. */
const steps = { ort: 24, js: 1, tfjs: 2 } as const;

/** A training step of the article's head, 1024 → 1024 → 512 → 512 → 14 with RMSprop, in milliseconds. */
export async function benchTraining({ rounds }: { rounds: number }): Promise<Row[]> {
  const wasm = `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'))}/`;
  setWasmPaths(wasm);
  await tf.setBackend('wasm');
  const rows: Row[] = [];
  for (const batchSize of [16, 128]) {
    const ort = ours(await ortNode({ provider: 'cpu' }), batchSize);
    const js = ours(jsEngine(), batchSize);
    const tfjs = theirs(batchSize);
    const times = await inTurn(
      { ort: () => ort(steps.ort), js: () => js(steps.js), tfjs: () => tfjs(steps.tfjs) },
      rounds,
    );
    const step = { ort: times.ort / steps.ort, js: times.js / steps.js, tfjs: times.tfjs / steps.tfjs };
    const times_ = (other: number) => `${(other / step.ort).toFixed(1)}×`;
    rows.push(
      [`training step, batch ${batchSize}: ONNX Runtime loop`, `${step.ort.toFixed(1)} ms`],
      [`  engine js`, `${step.js.toFixed(1)} ms, the loop is ${times_(step.js)} as fast`],
      [`  TF.js wasm`, `${step.tfjs.toFixed(1)} ms, the loop is ${times_(step.tfjs)} as fast`],
    );
  }
  return rows;
}

/** Trains our head for a number of steps. */
function ours(engine: Engine, batchSize: number): (steps: number) => Promise<unknown> {
  const head = new Sequential([
    Input({ shape: [inputs] }),
    ...hidden.map((units) => new Dense({ units, activation: 'relu' as const })),
    new Dense({ units: classes, activation: 'softmax' }),
  ]);
  const optimizer = new RMSprop({ learningRate: 0.001 });
  const loss = new CategoricalCrossentropy();
  const plan = trainingPlan(head, { loss, metrics: [], optimizer });
  const trainer = new Trainer(engine, plan, optimizer, 1);
  const { x, y, count } = samples();
  const data = { x: [float32(x, [count, inputs])], y: float32(y, [count, classes]) };
  return (steps) =>
    trainer.train({
      samples: data,
      order: Array.from({ length: steps * batchSize }, (_, i) => i % count),
      batchSize,
    });
}

/** Trains the same head in TF.js. */
function theirs(batchSize: number): (steps: number) => Promise<unknown> {
  const model = tfl.sequential();
  for (const [i, units] of hidden.entries())
    model.add(tfl.layers.dense({ units, activation: 'relu', ...(i === 0 ? { inputShape: [inputs] } : {}) }));
  model.add(tfl.layers.dense({ units: classes, activation: 'softmax' }));
  model.compile({ optimizer: tf.train.rmsprop(0.001), loss: 'categoricalCrossentropy' });
  const { x, y } = samples();
  const xs = tf.tensor2d(x.subarray(0, batchSize * inputs), [batchSize, inputs]);
  const ys = tf.tensor2d(y.subarray(0, batchSize * classes), [batchSize, classes]);
  return async (steps) => {
    for (let i = 0; i < steps; i++) await model.trainOnBatch(xs, ys);
  };
}

function samples() {
  const count = 512;
  const x = Float32Array.from({ length: count * inputs }, (_, i) => ((i * 2654435761) % 1000) / 1000);
  const y = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) y[i * classes + (i % classes)] = 1;
  return { x, y, count };
}
