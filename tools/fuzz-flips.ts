/**
 * Flips single bits of exported models, and asserts that each is refused by all that reads one: `ort-predict`, `export`,
 * `convert` and `features --weights`. `make fuzz`
 *
 *     node dist/tools/fuzz-flips.js [--count 60] [--seed 1]
 *
 * The models are MobileNets of random weights, stored in each way.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadBackbone } from '../src/classifier/backbone.js';
import { denseHead } from '../src/classifier/fit-head.js';
import { type Precision, precisions, storeWeights } from '../src/classifier/precision.js';
import { sealModel } from '../src/classifier/seal-model.js';
import { exportClassifier } from '../src/classifier/write-classifier.js';
import { ortNode } from '../src/engine/ort-node.js';
import { decodeModel } from '../src/graph/onnx.js';
import { Dense } from '../src/keras/layers/dense.js';
import { Input } from '../src/keras/layers/input.js';
import { Sequential } from '../src/keras/models/sequential.js';
import { openOnnxBackbone } from '../src/transfer/backbone-onnx/backbone-onnx.js';
import { openModel } from '../src/transfer/convert/convert.js';
import { publishModel } from '../src/transfer/convert/publish.js';
import { FileClassifier } from '../src/transfer/predict/load-classifier.js';
import { silent } from '../src/transfer/reporter.js';
import { seeded } from './fuzz/damage.js';

const labels = ['ants', 'bees', 'wasps'];

/** A classifier of random weights, as `train` writes it. */
async function makeClassifier(): Promise<Uint8Array> {
  const backbone = await loadBackbone({ weights: null, alpha: 0.25, size: 128 });
  const head = new Sequential([
    Input({ shape: [backbone.features] }),
    new Dense({ units: labels.length, activation: 'softmax' }),
  ]);
  const preprocessing = { size: backbone.size, crop: 'none', exif: true, ...backbone.scaling } as const;
  return exportClassifier({
    head: denseHead(head),
    preparation: { backbone, preprocessing },
    labels,
    evaluation: null,
  });
}

/** The same as `export --precision` writes it. */
async function stored(bytes: Uint8Array, precision: Precision): Promise<Uint8Array> {
  if (precision === 'fp32') return bytes;
  const { graph, metadata, opset } = decodeModel(bytes);
  const told = { ...metadata, precision: JSON.stringify(precision) };
  return sealModel({ graph: storeWeights(graph, precision), opset, metadata: told });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
  });
  const random = seeded(Number(values.seed));
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const room = await mkdtemp(join(tmpdir(), 'fuzz-flips-'));
  const [model, out] = [join(room, 'model.onnx'), join(room, 'out.onnx')];
  const readers: Record<string, () => Promise<unknown>> = {
    predict: () => FileClassifier.load(model, engine),
    export: () => publishModel({ model, out }, silent),
    convert: () => openModel(model),
    features: () => openOnnxBackbone(model, { engine }, silent),
  };
  const whole = await makeClassifier();
  const files = await Promise.all(precisions.map((precision) => stored(whole, precision)));
  let [flipped, refused] = [0, 0];
  try {
    for (const bytes of files) {
      await writeFile(model, bytes);
      for (const read of Object.values(readers)) await read();
    }
    for (; flipped < Number(values.count); flipped++) {
      const precision = flipped % precisions.length;
      const bytes = new Uint8Array(files[precision]!);
      const place = random(bytes.length * 8);
      bytes[place >> 3]! ^= 1 << (place % 8);
      await writeFile(model, bytes);
      const passed: string[] = [];
      for (const [name, read] of Object.entries(readers))
        await read().then(
          () => passed.push(name),
          () => {},
        );
      if (passed.length === 0) refused++;
      else console.error(`bit ${place} of ${precisions[precision]}: read by ${passed.join(', ')}`);
    }
  } finally {
    await rm(room, { recursive: true, force: true });
  }
  console.log(`${refused} of ${flipped} flipped bits refused, seed ${values.seed}`);
  if (refused < flipped) process.exitCode = 1;
}

await main();
