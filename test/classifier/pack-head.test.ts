import test from 'ava';
import { type FittedHead, logPriorOf } from '../../src/classifier/fit-head.js';
import { packHead, toKerasHead } from '../../src/classifier/pack-head.js';
import { writeHead } from '../../src/classifier/write-head.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { float32 } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { decodeKerasModel, encodeKerasModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';
import { seededNumbers } from '../export/seeded-classifier.js';

const [features, classes, rows] = [24, 5, 7];
const engine = await ortNode({ provider: 'cpu', threads: 1 });
const model = new Sequential([
  Input({ shape: [features] }),
  new Dense({ units: 16, activation: 'relu' }),
  new Dense({ units: 12, activation: 'relu' }),
  new Dense({ units: classes, activation: 'softmax' }),
]);
model.setWeights(model.getWeights().map((value, i) => seededNumbers(value.length, 40 + i, 0.9)));
const dense = { model, temperature: 2.5 };
const logistic = {
  kernel: float32(seededNumbers(features * classes, 5, 0.4), [features, classes]),
  bias: float32(seededNumbers(classes, 6, 0.5), [classes]),
};
const picture = (label: number) => ({ path: '', content: '', label, views: [] });
const logPrior = logPriorOf({
  folder: '',
  classes: ['a', 'b', 'c', 'd', 'e'],
  pictures: [0, 1, 1, 2, 2, 2, 3, 4, 4].map(picture),
  skipped: [],
});
const heads: Record<string, FittedHead> = {
  dense: { dense, logistic: null, logPrior: null },
  logistic: { dense: null, logistic, logPrior: null },
  'the mean of both': { dense, logistic, logPrior: null },
  'the mean of both, flat': { dense, logistic, logPrior },
};

for (const [name, head] of Object.entries(heads))
  test(`as Keras's layers, also from a file, a head gives the graph's probabilities: ${name}`, async (t) => {
    const g = new GraphBuilder('head');
    const embedding = g.input('embedding', 'float32', ['N', features]);
    g.output('probabilities', writeHead(g, embedding, head), 'float32', ['N', classes]);
    const session = await engine.load(encodeModel({ graph: g.build(), opset: 18 }));
    const x = float32(seededNumbers(rows * features, 9, 3), [rows, features]);
    const { probabilities } = await session.run({ embedding: x });

    // Weights come through a worker's messages and a browser's storage as copies.
    const packed = structuredClone(packHead(head));
    const inputs = Input({ shape: [features] });
    const keras = new Model({ inputs, outputs: toKerasHead(packed, inputs) });
    const read = await decodeKerasModel((await encodeKerasModel(keras, 'keras')) as Uint8Array);
    for (const each of [keras, read])
      assertClose(t, (await each.predict(x, { verbose: 0 })).data, probabilities!.data as Float32Array, {
        label: name,
        relative: 0,
        absolute: 1e-6,
      });
  });

test('packed weights are copies', (t) => {
  const packed = packHead(heads.dense!);
  const before = packed.dense!.weights[0]!.slice();
  const weights = model.getWeights();
  model.setWeights(weights.map((values) => values.map((value) => value + 1)));
  t.deepEqual(packed.dense!.weights[0], before);
  model.setWeights(weights.map((values) => values));
});
