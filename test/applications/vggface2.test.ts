import { fileURLToPath } from 'node:url';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { backboneModel, loadBackbone } from '../../src/classifier/backbone.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { encodeModel } from '../../src/graph/onnx.js';
import type { Tensor } from '../../src/graph/tensor.js';
import type { TfjsModel } from '../../src/keras/saving/tfjs.js';
import { readHumanModel } from '../../src/platform/node.js';
import { assertClose } from '../compare.js';
import { picture } from './seeded.js';

/** The features of TF.js's own run of the graph, of RGB levels (1, 224, 224, 3). */
async function runInTfjs({ data, dims }: Tensor): Promise<Float32Array> {
  setWasmPaths(fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  await tf.setBackend('wasm');
  const { modelTopology, weightsManifest } = JSON.parse(
    new TextDecoder().decode(await readHumanModel('faceres.json')),
  ) as TfjsModel;
  const model = await loadGraphModel({
    load: async () => ({
      modelTopology: modelTopology as object,
      weightSpecs: weightsManifest.flatMap(({ weights }) => weights) as never,
      weightData: new Uint8Array(await readHumanModel('faceres.bin')).buffer,
    }),
  });
  const levels = tf.tensor4d(Float32Array.from(data as Uint8Array), dims as [number, number, number, number]);
  const images = tf.sub(tf.reverse(levels, 3), tf.tensor1d([103.939, 116.779, 123.68]));
  const features = model.execute(images, 'global_pooling/Mean') as tf.Tensor;
  return (await features.data()) as Float32Array;
}

test('computes what TF.js makes of the same file', async (t) => {
  const pixels = picture(224, 7);
  // Blocks rather than noise, which means next to nothing to the network.
  pixels.data.forEach((_, i) => {
    const [y, x] = [Math.floor(i / 672), Math.floor((i % 672) / 3)];
    pixels.data[i] = ((y >> 5) * 37 + (x >> 4) * 59 + (i % 3) * 83 + ((y * x) >> 8)) % 256;
  });
  const expected = await runInTfjs(pixels);
  t.true(expected.filter((value) => value > 0).length > 100);

  const engine = await ortNode({ provider: 'cpu', threads: 1 });
  const backbone = await loadBackbone({ weights: 'vggface2' });
  const session = await engine.load(encodeModel(backboneModel(backbone)));
  const { embedding } = await session.run({ pixels });
  // Sums of 27 layers in another order, in single precision.
  assertClose(t, embedding!.data as Float32Array, expected, {
    label: 'embedding',
    relative: 1e-4,
    absolute: 1e-5,
  });
});

test('says what it is and whose', async (t) => {
  const { size, features, scaling, info, licences } = await loadBackbone();
  t.deepEqual(
    { size, features, scaling, info },
    {
      size: [224, 224],
      features: 1024,
      scaling: { channels: 'BGR', mean: [103.939, 116.779, 123.68], scale: 1 },
      info: {
        name: 'mobilenet',
        alpha: 1,
        weights: 'vggface2',
        sha256: '2c7d2d62b76c97528b736527aa09d310ea71743c9e3e79fb6c62d4b2d73af79b',
        licence: 'MIT',
      },
    },
  );
  t.deepEqual(
    licences.map(({ licence }) => licence),
    ['MIT', 'Apache-2.0'],
  );
});
