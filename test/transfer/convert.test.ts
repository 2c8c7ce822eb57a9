import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import { ortNode } from '../../src/engine/ort-node.js';
import { readMetadata } from '../../src/graph/metadata.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { float32, tensor } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { clearSession } from '../../src/keras/naming.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { convertModel, openModel, readLabels, summarise } from '../../src/transfer/convert.js';
import { assertClose } from '../compare.js';
import { withFolder } from '../saving/folder.js';

const keras = 'test/golden/saving/keras-3.15.keras';
const labels = ['apple', 'pear', 'さくら'];

/** Two pictures, (2, size, size, channels), levels from 0 to 255. */
const levels = (size: number, channels: number) =>
  Uint8Array.from({ length: 2 * size * size * channels }, (_, i) => (i * 37 + (i >> 3) * 11) % 256);

const scaled = (values: Uint8Array): Float32Array =>
  Float32Array.from(values, (level) => (level - 127.5) * (1 / 127.5));

async function runOnnx(
  path: string,
  feeds: Parameters<Awaited<ReturnType<Awaited<ReturnType<typeof ortNode>>['load']>>['run']>[0],
) {
  const session = await (await ortNode()).load(await readFile(path));
  const results = await session.run(feeds);
  await session.release();
  return Object.values(results)[0]!;
}

/** A TF.js model as Teachable Machine writes it: a network and a head in a sequential model. */
async function teachableMachine(folder: string) {
  await tf.setBackend('cpu');
  const pixels = tfl.input({ shape: [8, 8, 3] });
  let x = tfl.layers
    .zeroPadding2d({
      padding: [
        [0, 1],
        [0, 1],
      ],
    })
    .apply(pixels) as tfl.SymbolicTensor;
  x = tfl.layers
    .conv2d({ filters: 4, kernelSize: 3, strides: 2, useBias: false })
    .apply(x) as tfl.SymbolicTensor;
  x = tfl.layers.batchNormalization({}).apply(x) as tfl.SymbolicTensor;
  x = tfl.layers.reLU({ maxValue: 6 }).apply(x) as tfl.SymbolicTensor;
  const before = x;
  x = tfl.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }).apply(x) as tfl.SymbolicTensor;
  x = tfl.layers.add().apply([x, before]) as tfl.SymbolicTensor;
  const body = tfl.model({ inputs: pixels, outputs: x });
  const truncated = tfl.sequential({
    layers: [body as unknown as tfl.layers.Layer, tfl.layers.globalAveragePooling2d({})],
  });
  const head = tfl.sequential({
    layers: [
      tfl.layers.dense({
        inputShape: [4],
        units: 5,
        activation: 'relu',
        kernelInitializer: 'varianceScaling',
      }),
      tfl.layers.dense({ units: 3, useBias: false, activation: 'softmax' }),
    ],
  });
  const model = tfl.sequential({ layers: [truncated, head] });
  await model.save({
    async save({ modelTopology, weightSpecs, weightData }) {
      const bytes = new Uint8Array(weightData as ArrayBuffer);
      await writeFile(join(folder, 'group1-shard1of2'), bytes.subarray(0, 100));
      await writeFile(join(folder, 'group1-shard2of2'), bytes.subarray(100));
      const paths = ['group1-shard1of2', 'group1-shard2of2'];
      await writeFile(
        join(folder, 'model.json'),
        JSON.stringify({ modelTopology, weightsManifest: [{ paths, weights: weightSpecs }] }),
      );
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const } };
    },
  });
  return model;
}

test('a Keras model of pictures becomes a classifier that takes pixels, and layers again', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'vgg.keras');
    // The model of the golden reads two channels; this one has three.
    const [a, b, c] = [join(folder, 'a.onnx'), join(folder, 'b.h5'), join(folder, 'c.onnx')];
    await mkdir(join(folder, 'tm'));
    await teachableMachine(join(folder, 'tm'));
    await convertModel({ input: join(folder, 'tm'), out: path });
    await convertModel({ input: path, out: a, labels, crop: 'face' });
    t.like(readMetadata(await readFile(a)), {
      labels,
      preprocessing: { size: [8, 8], crop: 'face', exif: true, ...tfScaling },
    });
    const { notes } = await convertModel({ input: a, out: b });
    t.deepEqual(notes, [
      'The model reads pictures of 8 × 8 pixels, RGB: (level − 127.5, 127.5, 127.5) × 0.00784313725490196',
      'Classes: apple, pear, さくら',
    ]);
    await convertModel({ input: b, out: c, labels });

    const pixels = levels(8, 3);
    const feeds = { pixels: tensor('uint8', pixels, [2, 8, 8, 3]) };
    const expected = await (await loadModel(path)).predict(float32(scaled(pixels), [2, 8, 8, 3]), {
      verbose: 0,
    });
    const again = await (await loadModel(b)).predict(float32(scaled(pixels), [2, 8, 8, 3]), { verbose: 0 });
    assertClose(t, await runOnnx(a, feeds), expected, { label: 'to ONNX', relative: 0, absolute: 1e-6 });
    assertClose(t, again, expected, { label: 'and back', relative: 0, absolute: 1e-6 });
    assertClose(t, await runOnnx(c, feeds), expected, { label: 'and to ONNX', relative: 0, absolute: 1e-6 });
  });
});

test("Teachable Machine's export becomes one file with its labels", async (t) => {
  await withFolder(async (folder) => {
    const model = await teachableMachine(folder);
    await writeFile(
      join(folder, 'metadata.json'),
      JSON.stringify({ packageName: '@teachablemachine/image', labels, imageSize: 8 }),
    );
    const out = join(folder, 'model.onnx');
    await convertModel({ input: folder, out });
    const { labels: written, preprocessing } = readMetadata(await readFile(out));
    t.deepEqual(
      [written, preprocessing],
      [
        labels,
        {
          ...{ size: [8, 8], crop: 'center', exif: true, channels: 'RGB' },
          ...{ mean: [127, 127, 127], scale: 1 / 127 },
        },
      ],
    );
    const pixels = levels(8, 3);
    // As `capture` of @teachablemachine/image prepares a picture.
    const pictures = tf.sub(tf.div(tf.tensor4d(Float32Array.from(pixels), [2, 8, 8, 3]), 127), 1);
    const expected = model.predict(pictures) as tf.Tensor;
    const actual = await runOnnx(out, { pixels: tensor('uint8', pixels, [2, 8, 8, 3]) });
    assertClose(t, actual, float32(await expected.data<'float32'>(), [2, 3]), {
      label: 'probabilities',
      relative: 0,
      absolute: 1e-6,
    });
  });
});

test('a model that reads no pictures is written as it is', async (t) => {
  await withFolder(async (folder) => {
    const out = join(folder, 'head.onnx');
    const head = new Sequential([Input({ shape: [4] }), new Dense({ units: 3, activation: 'softmax' })]);
    await head.save(join(folder, 'head.h5'));
    const { notes } = await convertModel({ input: join(folder, 'head.h5'), out });
    t.deepEqual(notes, ['The model reads no pictures, so it is written as it is.']);
    const x = float32([1, 2, 3, 4], [1, 4]);
    const name = head.inputs[0]!.layer.name;
    t.deepEqual(await runOnnx(out, { [name]: x }), await head.predict(x, { verbose: 0 }));
  });
});

test('summary prints the table of Keras', async (t) => {
  clearSession();
  t.is(
    (await summarise(keras)).trimEnd(),
    `Model: "classifier"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ input_layer_1 (InputLayer)      │ (None, 6, 6, 2)        │             0 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ body (Functional)               │ (None, 3)              │            81 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ probabilities (Dense)           │ (None, 3)              │            12 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 119 (480.00 B)
 Trainable params: 12 (48.00 B)
 Non-trainable params: 81 (324.00 B)
 Optimizer params: 26 (108.00 B)`,
  );
});

test('labels come from a list or a file', async (t) => {
  await withFolder(async (folder) => {
    t.deepEqual(await readLabels('a, b,c d'), ['a', 'b', 'c d']);
    for (const [name, text] of [
      ['labels.txt', 'apple\r\npear\n\nさくら\n'],
      ['list.json', JSON.stringify(labels)],
      ['metadata.json', JSON.stringify({ labels })],
    ] as const) {
      await writeFile(join(folder, name), text);
      t.deepEqual(await readLabels(join(folder, name)), labels);
    }
  });
});

test('says what is missing', async (t) => {
  await withFolder(async (folder) => {
    await teachableMachine(folder);
    const out = join(folder, 'model.onnx');
    await t.throwsAsync(convertModel({ input: folder, out }), {
      message: 'Expected the names of 3 classes. Received: none. Hint: list them with --labels.',
    });
    await t.throwsAsync(convertModel({ input: folder, out, labels: ['a'] }), {
      message: 'Expected the names of 3 classes. Received: 1: a.',
    });
    const json = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
    json.weightsManifest[0].paths = ['../../etc/passwd'];
    await writeFile(join(folder, 'model.json'), JSON.stringify(json));
    await t.throwsAsync(openModel(folder), {
      message:
        "Expected weights beside 'model.json'. Received: '../../etc/passwd'. Hint: do not trust this file.",
    });
  });
});
