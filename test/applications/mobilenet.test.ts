import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { backboneModel, backboneWriter } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { inferenceContext } from '../../src/graph/inference.js';
import { encodeModel } from '../../src/graph/onnx.js';
import { normalisePixels, tfScaling } from '../../src/graph/preprocessing.js';
import { float32 } from '../../src/graph/tensor.js';
import { MobileNet, preprocessInput } from '../../src/keras/applications/mobilenet.js';
import * as vggface2 from '../../src/keras/applications/vggface2.js';
import { clearSession } from '../../src/keras/naming.js';
import { RandomState } from '../../src/keras/random/random-state.js';
import { assertClose } from '../compare.js';
import { withFolder } from '../saving/folder.js';
import { picture, seedWeights } from './seeded.js';

/** Written by tools/goldens/backbone.py. */
const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/backbone.json', import.meta.url), 'utf8'),
) as {
  alpha: number;
  size: number;
  embedding: number[];
  corner: number[];
  probabilities: number[];
  layers: [name: string, className: string, shape: (number | null)[], params: number][];
};
const { alpha, size } = golden;
const inputShape = [size, size, 3];

test('computes what Keras computes', async (t) => {
  const model = await MobileNet({ alpha, inputShape, includeTop: false, weights: null });
  seedWeights(model);
  const write = backboneWriter({ model });
  const backbone = { write, opset: 13, size: [size, size] as const, scaling: tfScaling, features: 256 };
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const session = await engine.load(encodeModel(backboneModel(backbone, { outputs: ['embedding', 'map'] })));
  const { embedding, map } = await session.run({ pixels: picture(size) });
  // Sums of 27 layers in another order, in single precision.
  const tolerance = { absolute: 1e-5, relative: 1e-4 };
  assertClose(t, embedding!.data as Float32Array, golden.embedding, { label: 'embedding', ...tolerance });
  t.deepEqual(map!.dims, [1, 4, 4, 256]);
  const corner = (map!.data as Float32Array).subarray(3 * 256, 4 * 256);
  assertClose(t, corner, golden.corner, { label: 'map[0, 0, 3]', ...tolerance });
});

test('classifies as Keras does', async (t) => {
  const model = await MobileNet({ alpha, inputShape, classes: 10, weights: null });
  seedWeights(model);
  const g = new GraphBuilder('classifier');
  const pixels = g.input('pixels', 'uint8', ['N', size, size, 3]);
  const { output } = model.forward(inferenceContext(g), [normalisePixels(g, pixels, tfScaling)]);
  g.output('probabilities', output, 'float32', ['N', 10]);
  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const session = await engine.load(encodeModel({ graph: g.build(), opset: 13 }));
  const { probabilities } = await session.run({ pixels: picture(size) });
  const label = 'probabilities';
  assertClose(t, probabilities!.data as Float32Array, golden.probabilities, { label, relative: 1e-4 });
});

test.serial("has Keras's layers under Keras's names", async (t) => {
  clearSession();
  const model = await MobileNet({ alpha, inputShape, classes: 10, weights: null });
  t.is(model.name, 'mobilenet_0.25_128');
  t.deepEqual(
    model.layers.map((layer) => [layer.name, layer.className, layer.output.shape, layer.countParams()]),
    golden.layers,
  );
});

test('pools the map when asked to', async (t) => {
  const options = { alpha, inputShape, includeTop: false, weights: null };
  t.deepEqual((await MobileNet({ ...options, pooling: 'avg' })).outputTensor.shape, [null, 256]);
  t.deepEqual((await MobileNet({ ...options, pooling: 'max' })).outputTensor.shape, [null, 256]);
  t.deepEqual((await MobileNet({ ...options, inputShape: null })).outputTensor.shape, [
    null,
    null,
    null,
    256,
  ]);
});

test('scales levels as the graph does', (t) => {
  const levels = [0, 51, 255, 10, 20, 30];
  assertClose(t, preprocessInput(levels), [-1, -0.6, 1, -0.9215686, -0.8431373, -0.7647059], {
    label: 'tf',
  });
  const picture = preprocessInput(float32(Float32Array.from(levels), [1, 2, 3]));
  t.deepEqual(picture, float32(preprocessInput(levels), [1, 2, 3]));
  assertClose(t, vggface2.preprocessInput(levels), [151.061, -65.779, -123.68, -73.939, -96.779, -113.68], {
    label: 'caffe',
  });
});

test("takes any file of weights that Keras's load_weights reads", async (t) => {
  const options = { alpha, inputShape, classes: 3 };
  const model = await MobileNet({ ...options, weights: null, random: new RandomState(1) });
  await withFolder(async (folder) => {
    for (const file of ['a.weights.h5', 'a.h5', 'a.keras']) {
      const path = join(folder, file);
      if (file.endsWith('.keras')) await model.save(path);
      else await model.saveWeights(path);
      const loaded = await MobileNet({ ...options, weights: path });
      t.deepEqual(loaded.getWeights(), model.getWeights(), file);
    }
  });
});

test('random weights follow the stream that is passed in', async (t) => {
  const make = async (seed: number) => {
    const options = { alpha, inputShape, classes: 3, weights: null, random: new RandomState(seed) };
    return (await MobileNet(options)).getWeights();
  };
  const [first, second, other] = [await make(1), await make(1), await make(2)];
  t.deepEqual(first, second);
  t.notDeepEqual(first.at(-2), other.at(-2));
});
