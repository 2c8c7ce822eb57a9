import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import test from 'ava';
import { readMetadata } from '../../src/classifier/metadata.js';
import { storeWeights } from '../../src/classifier/precision.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Attribute } from '../../src/graph/graph.js';
import { decodeModel, encodeModel } from '../../src/graph/onnx.js';
import { tfScaling } from '../../src/graph/preprocessing.js';
import { float32, sizeOf, tensor } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import * as layers from '../../src/keras/layers/index.js';
import { Input } from '../../src/keras/layers/input.js';
import type { KerasTensor } from '../../src/keras/layers/layer.js';
import { Model } from '../../src/keras/models/model.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { clearSession } from '../../src/keras/naming.js';
import { setRandomSeed } from '../../src/keras/random/global-random.js';
import { loadModel } from '../../src/keras/saving/index.js';
import { convertModel, openModel, readLabels, summarise } from '../../src/transfer/convert/convert.js';
import { assertClose } from '../compare.js';
import { metadata, seededClassifier, seededNumbers } from '../export/seeded-classifier.js';
import { withFolder } from '../saving/folder.js';
import { onnxFile } from './onnx-files.js';

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

type Through = (x: KerasTensor) => KerasTensor;
const pictures = [9, 8, 3];
const activations = ['elu', 'leaky_relu', 'linear', 'relu', 'relu6', 'sigmoid', 'softmax', 'tanh'] as const;

/** Layers that become operations, and those operations the same layers again. */
const there: [shape: number[], through: Through][] = [
  [
    [5],
    (x) =>
      activations.reduce(
        (y, activation) =>
          new layers.Dense({ units: 4, activation, useBias: activation !== 'relu' }).apply(y),
        x,
      ),
  ],
  [
    [5],
    (x) =>
      (['sigmoid', 'tanh', 'gelu'] as const).reduce(
        (y, activation) => new layers.Activation({ activation }).apply(y),
        x,
      ),
  ],
  [[5], (x) => new layers.ELU({ alpha: 0.5 }).apply(new layers.LeakyReLU({ negativeSlope: 0.25 }).apply(x))],
  [[5], (x) => new layers.Add().apply([x, new layers.Dense({ units: 5 }).apply(x)])],
  [[5], (x) => new layers.Concatenate().apply([x, new layers.ReLU().apply(x)])],
  [[5], (x) => new layers.BatchNormalization({ epsilon: 0.125 }).apply(x)],
  [
    [12],
    (x) => new layers.ReLU({ maxValue: 6 }).apply(new layers.Reshape({ targetShape: [2, 2, 3] }).apply(x)),
  ],
  [
    pictures,
    (x) =>
      new layers.Flatten().apply(
        new layers.ZeroPadding2D({
          padding: [
            [0, 1],
            [2, 0],
          ],
        }).apply(x),
      ),
  ],
  [pictures, (x) => new layers.Softmax().apply(new layers.Rescaling({ scale: 0.5, offset: -1 }).apply(x))],
  [pictures, (x) => new layers.Softmax({ axis: 1 }).apply(new layers.Concatenate({ axis: 2 }).apply([x, x]))],
  [pictures, (x) => new layers.UnitNormalization({ axis: 2 }).apply(new layers.UnitNormalization().apply(x))],
  [pictures, (x) => new layers.GlobalMaxPooling2D().apply(new layers.BatchNormalization().apply(x))],
  [pictures, (x) => new layers.GlobalAveragePooling2D({ keepdims: true }).apply(x)],
  [
    pictures,
    (x) => {
      const same = { padding: 'same', strides: 2, poolSize: 3 };
      return new layers.AveragePooling2D(same).apply(new layers.MaxPooling2D({ poolSize: [2, 1] }).apply(x));
    },
  ],
  [
    pictures,
    (x) => {
      const y = new layers.Conv2D({
        ...frozen,
        filters: 6,
        kernelSize: [3, 2],
        padding: 'same',
        strides: 2,
      }).apply(x);
      const z = new layers.Conv2D({ ...frozen, filters: 4, kernelSize: 2, groups: 2, dilationRate: 2 }).apply(
        y,
      );
      return new layers.DepthwiseConv2D({
        ...frozen,
        kernelSize: 2,
        depthMultiplier: 2,
        activation: 'relu',
      }).apply(z);
    },
  ],
];
const frozen = { trainable: false, useBias: true } as const;

test('every layer becomes operations, and these the layer again, whatever its weights are stored as', async (t) => {
  await withFolder(async (folder) => {
    const [keras, onnx] = [join(folder, 'model.keras'), join(folder, 'model.onnx')];
    for (const [i, [shape, through]] of there.entries()) {
      clearSession();
      setRandomSeed(i);
      const x = layers.Input({ shape, name: 'x' });
      const model = new Model({ inputs: x, outputs: through(x), name: 'chain' });
      for (const weight of model.weights)
        weight.assign(Float32Array.from(seededNumbers(weight.value.length, 5, 0.3), (w) => w + 0.5));
      await model.save(keras);
      await convertModel({ input: keras, out: onnx });
      const summary = await summarise(keras);
      t.is(await summarise(onnx), summary);
      const data = float32(seededNumbers(2 * sizeOf(shape), 1, 2), [2, ...shape]);
      const expected = await model.predict(data, { verbose: 0 });
      const made = await (await openModel(onnx)).model.predict(data, { verbose: 0 });
      assertClose(t, made, expected, { label: summary, relative: 1e-6, absolute: 1e-6 });
    }

    clearSession();
    const wide = new Sequential([layers.Input({ shape: [64] }), new layers.Dense({ units: 32 })]);
    await wide.save(keras);
    await convertModel({ input: keras, out: onnx });
    const { graph, ...rest } = decodeModel(await readFile(onnx));
    const data = float32(seededNumbers(128, 1, 2), [2, 64]);
    for (const precision of ['fp16', 'int8'] as const) {
      await writeFile(onnx, encodeModel({ ...rest, graph: storeWeights(graph, precision) }));
      const made = await (await openModel(onnx)).model.predict(data, { verbose: 0 });
      const expected = await runOnnx(onnx, { [graph.inputs[0]!.name]: data });
      assertClose(t, made, expected as typeof data, { label: precision, relative: 1e-6, absolute: 1e-6 });
    }
  });
});

test('says which operation of an ONNX model no layer does', async (t) => {
  await withFolder(async (folder) => {
    const path = join(folder, 'net.onnx');
    const refuses = async (bytes: Uint8Array, message: string) => {
      await writeFile(path, bytes);
      await t.throwsAsync(convertModel({ input: path, out: join(folder, 'out.keras') }), { message });
      await t.throwsAsync(summarise(path), { message });
    };
    await refuses(
      onnxFile(),
      "Expected operations that have a Keras layer here. Received: Conv ('Conv'). Hint: start from the Keras file, if it came from one; any ONNX model of pictures can be trained on as `weights`.",
    );
    await refuses(
      onnxFile({ type: 'uint8' }),
      "Expected inputs of float32, as Keras has them. Received: 'images' of uint8.",
    );
    await refuses(new Uint8Array(), 'Expected an ONNX model. Received: an empty file.');
    const damaged = (op: string, attributes: Record<string, Attribute>) => {
      const g = new GraphBuilder('damaged');
      const x = g.op('Transpose', [g.input('x', 'float32', ['N', 8, 8, 3])], { perm: [0, 3, 1, 2] });
      g.output('y', g.op(op, [x], attributes), 'float32', ['N', 3, 8, 8]);
      return encodeModel({ graph: g.build(), opset: 13 });
    };
    await refuses(
      damaged('MaxPool', { kernel_shape: 'large' }),
      "Expected whole numbers for 'kernel_shape' of MaxPool 'MaxPool'. Received: something else.",
    );
    await refuses(
      damaged('toString', {}),
      "Expected operations that have a Keras layer here. Received: toString ('toString'). Hint: start from the Keras file, if it came from one; any ONNX model of pictures can be trained on as `weights`.",
    );
    t.deepEqual(await readdir(folder), ['net.onnx']);
  });
});

test('an ONNX model keeps its licences, and its labels unless others are given', async (t) => {
  await withFolder(async (folder) => {
    const [input, out] = [join(folder, 'in.onnx'), join(folder, 'out.onnx')];
    const licences = [{ work: 'weights', licence: 'MIT' }];
    const model = seededClassifier({ metadata: { ...metadata, licences } });
    await writeFile(input, encodeModel(model));
    await convertModel({ input, out });
    const { metrics, ...kept } = metadata;
    t.deepEqual(readMetadata(await readFile(out)), { ...kept, licences });
    const renamed = metadata.labels.map((label) => label.toUpperCase());
    await convertModel({ input, out, labels: renamed });
    t.deepEqual(readMetadata(await readFile(out)).labels, renamed);
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
      message: 'Expected the names of 3 classes. Received: none. Hint: list them with `labels`.',
    });
    for (const name of ['model.onx', 'model.weights.h5'])
      await t.throwsAsync(convertModel({ input: folder, out: join(folder, name), labels }), {
        message: `Expected a file to write that ends in .h5, .keras or .onnx. Received: ${join(folder, name)}.`,
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
