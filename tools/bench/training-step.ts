import type { Engine } from '../../src/engine/engine.js';
import { jsEngine } from '../../src/engine/js.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { float32 } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { RMSprop } from '../../src/keras/optimizers/index.js';
import { RandomState } from '../../src/keras/random.js';
import { byTurns, median, medianRatio } from './measure.js';
import { type BenchOptions, type Row, type Section, speedRow } from './row.js';
import { tfjsHead } from './tfjs-head.js';

/** The article's head: units of the embedding, then of each layer. */
const widths = [1024, 1024, 512, 512, 14];

/** Batches a run. The slow ones need fewer for a time that can be told. */
const steps = { 16: { ort: 128, js: 12, tfjs: 12 }, 128: { ort: 64, js: 4, tfjs: 4 } } as const;

/** A step of training, by ONNX Runtime's loop, by `engine: 'js'` and by TensorFlow.js. */
export async function trainingStep({ quick }: BenchOptions): Promise<Section> {
  const rows: Row[] = [];
  for (const batchSize of [16, 128] as const) {
    const counts = quick ? { ort: 8, js: 1, tfjs: 1 } : steps[batchSize];
    const data = randomData(counts.ort * batchSize);
    const [all, one] = [await ortNode({ provider: 'cpu' }), await ortNode({ provider: 'cpu', threads: 1 })];
    const fit = { batchSize, epochs: 1, verbose: 0 } as const;
    const ours = async (engine: Engine, count: number) => {
      const head = buildHead(engine);
      const part = sliceData(data, count * batchSize);
      return async () => {
        const began = performance.now();
        await head.fit(part.x, part.y, fit);
        return (performance.now() - began) / 1000 / count;
      };
    };
    const tfjs = await tfjsHead(widths, {
      ...{ x: data.x, y: data.y, samples: counts.tfjs * batchSize, batchSize },
    });
    const seconds = await byTurns(
      {
        ort: await ours(all, counts.ort),
        js: await ours(jsEngine(), counts.js),
        tfjs: async () => {
          const began = performance.now();
          await tfjs();
          return (performance.now() - began) / 1000 / counts.tfjs;
        },
        single: await ours(one, counts.ort),
      },
      quick ? 1 : 7,
    );
    const row = (name: string, fast: 'ort' | 'single', slow: 'js' | 'tfjs', least?: number) =>
      speedRow(`${name}, batch ${batchSize}`, {
        ours: 1000 * median(seconds[fast]),
        other: 1000 * median(seconds[slow]),
        unit: 'ms',
        ratio: medianRatio(seconds[slow], seconds[fast]),
        least,
      });
    const isTarget = batchSize === 16;
    rows.push(
      row("ORT against engine 'js'", 'ort', 'js', isTarget ? 8 : undefined),
      row('ORT against TF.js wasm', 'ort', 'tfjs', isTarget ? 12 : undefined),
      row('ORT on 1 thread against TF.js wasm', 'single', 'tfjs'),
    );
  }
  return {
    title: 'A step of training',
    about:
      "The article's head, 1024→1024→512→512→14, RMSprop, categorical cross-entropy, accuracy. Each trains one epoch by its " +
      "own fit, ours with ONNX Runtime's Loop over the batches; the time of an epoch divided by its steps. TF.js's wasm backend has one " +
      'thread in Node (it asks for none there), so ours is shown on one thread, too.',
    rows,
  };
}

function buildHead(engine: Engine): Sequential {
  const [features, ...units] = widths;
  const head = new Sequential([
    Input({ shape: [features!] }),
    ...units.map(
      (count, i) => new Dense({ units: count, activation: i < units.length - 1 ? 'relu' : 'softmax' }),
    ),
  ]);
  head.compile({ optimizer: new RMSprop(), loss: 'categorical_crossentropy', metrics: ['accuracy'], engine });
  return head;
}

function randomData(samples: number): { x: Float32Array; y: Float32Array } {
  const random = new RandomState(0);
  const classes = widths.at(-1)!;
  const y = new Float32Array(samples * classes);
  for (let i = 0; i < samples; i++) y[i * classes + random.randint(classes)] = 1;
  return { x: Float32Array.from(random.uniform(0, 1, samples * widths[0]!)), y };
}

const sliceData = ({ x, y }: { x: Float32Array; y: Float32Array }, samples: number) => ({
  x: float32(x.subarray(0, samples * widths[0]!), [samples, widths[0]!]),
  y: float32(y.subarray(0, samples * widths.at(-1)!), [samples, widths.at(-1)!]),
});
