/** Layers of other people's models: operations, and layers that only work while a model trains. */
import test from 'ava';
import * as h5wasm from 'h5wasm';
import { float32 } from '../../src/graph/tensor.js';
import type { Layer } from '../../src/keras/layers/layer.js';
import { readHdf5, writeHdf5 } from '../../src/keras/saving/hdf5.js';
import { modelFromJson, modelToJson, tfjsWeightFiles } from '../../src/keras/saving/index.js';
import { deserializeLayer } from '../../src/keras/saving/layer-config.js';
import { assertClose } from '../compare.js';

const shape = [null, 2, 1, 3];
const input = (name: string) => ({
  class_name: 'InputLayer',
  name,
  config: { batch_input_shape: shape, dtype: 'float32', name },
  inbound_nodes: [],
});

/** A model of an input and operations, each of which reads the one before. */
const functional = (layers: readonly { readonly name: string }[]) =>
  JSON.stringify({
    class_name: 'Functional',
    config: {
      name: 'operations',
      layers: [input('x'), ...layers],
      input_layers: [['x', 0, 0]],
      output_layers: [[layers.at(-1)?.name, 0, 0]],
    },
  });

/** As tf_keras 2.21 writes them. */
const keras2 = (name: string, operation: string, node: readonly unknown[]) => ({
  class_name: 'TFOpLambda',
  name,
  config: { name, trainable: true, dtype: 'float32', function: operation },
  inbound_nodes: [node],
});

/** As Keras 3.15 writes them. */
const keras3 = (name: string, className: string, args: readonly unknown[], module?: string) => ({
  ...(module ? { module } : {}),
  class_name: className,
  name,
  config: { name },
  inbound_nodes: [{ args, kwargs: {} }],
});
const tensor = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: { shape, dtype: 'float32', keras_history: [layer, 0, 0] },
});
const numpy = 'keras.src.ops.numpy';
const constant = (value: unknown) => ({ class_name: '__tensor__', config: { value, dtype: 'float32' } });

const levels = float32([0, 127.5, 255, 51, 102, 204], [1, 2, 1, 3]);
const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];
const torch = Array.from(levels.data, (x, i) => (x / 255 - (mean[i % 3] ?? 0)) / (deviation[i % 3] ?? 1));
const tf = Array.from(levels.data, (x) => x / 127.5 - 1);

const models: readonly (readonly [name: string, json: string, expected: readonly number[]])[] = [
  [
    "MobileNet's preprocess_input of Keras 2",
    functional([
      keras2('tf.math.truediv', 'math.truediv', ['x', 0, 0, { y: 127.5, name: null }]),
      keras2('tf.math.subtract', 'math.subtract', ['tf.math.truediv', 0, 0, { y: 1, name: null }]),
    ]),
    tf,
  ],
  [
    "MobileNet's preprocess_input of Keras 3",
    functional([
      keras3('true_divide', 'TrueDivide', [tensor('x'), 127.5], numpy),
      keras3('subtract', 'Subtract', [tensor('true_divide'), 1], numpy),
    ]),
    tf,
  ],
  [
    "DenseNet's preprocess_input of Keras 2",
    functional([
      keras2('a', 'math.truediv', ['x', 0, 0, { y: 255, name: null }]),
      keras2('b', 'nn.bias_add', ['a', 0, 0, { bias: mean.map((m) => -m), data_format: 'NHWC' }]),
      keras2('c', 'math.truediv', ['b', 0, 0, { y: deviation, name: null }]),
    ]),
    torch,
  ],
  [
    "DenseNet's preprocess_input of Keras 3, in .h5 without modules",
    functional([
      keras3('a', 'TrueDivide', [tensor('x'), 255]),
      keras3('b', 'Add', [tensor('a'), constant([[[mean.map((m) => -m)]]])]),
      keras3('c', 'TrueDivide', [tensor('b'), constant(deviation)]),
    ]),
    torch,
  ],
  [
    'constants before tensors, and sums of tensors',
    functional([
      keras2('a', 'math.subtract', ['_CONSTANT_VALUE', -1, 1, { y: ['x', 0, 0], name: null }]),
      keras3('b', 'Multiply', [2, tensor('a')], numpy),
      keras3('c', 'Add', [tensor('b'), tensor('x')], numpy),
      keras3('d', 'Negative', [tensor('c')], numpy),
      keras3('e', 'Cast', [tensor('d')], 'keras.src.ops.core'),
    ]),
    Array.from(levels.data, (x) => -(2 * (1 - x) + x)),
  ],
];

for (const [name, json, expected] of models)
  test(`${name}: is read, and written as layers that do the same`, async (t) => {
    const model = modelFromJson(json);
    for (const each of [model, modelFromJson(modelToJson(model))]) {
      each.compile({ loss: 'mse', engine: 'js' });
      const { data } = await each.predict(levels, { verbose: 0 });
      assertClose(t, data, expected, { label: name, relative: 1e-6, absolute: 1e-6 });
      await each.release();
    }
  });

test('other operations are named', (t) => {
  const hint = 'Hint: leave it out in Keras, save the model again, and prepare pictures outside of it.';
  for (const [layer, received] of [
    [
      keras3('get_item', 'GetItem', [tensor('x'), [{ class_name: '__ellipsis__', config: {} }, 2]], numpy),
      'the operation GetItem',
    ],
    [keras2('get_item', '__operators__.getitem', ['x', 0, 0, {}]), 'the operation __operators__.getitem'],
    [
      keras3('get_item', 'TrueDivide', [1, tensor('x')], numpy),
      'the operation TrueDivide of a constant by a tensor',
    ],
    [
      keras3('get_item', 'Multiply', [tensor('x'), tensor('x')], numpy),
      'the operation Multiply of 2 tensors',
    ],
    [
      keras3(
        'get_item',
        'Multiply',
        [
          tensor('x'),
          constant([
            [1, 2, 3],
            [4, 5, 6],
          ]),
        ],
        numpy,
      ),
      'the operation Multiply with {"class_name":"__tensor__","config":{"value":[[1,2,3],[4,5,6]],"dtype":"float32"…',
    ],
  ] as const)
    t.throws(() => modelFromJson(functional([layer])), {
      message: `Expected layer 'get_item' to add, subtract, multiply or divide by constants, as preprocess_input does. Received: ${received}. ${hint}`,
    });
});

test('constants fit the channels', (t) => {
  t.throws(() => modelFromJson(functional([keras3('a', 'Add', [tensor('x'), constant([1, 2])])])), {
    message:
      "Expected a number for each channel of layer 'a'. Received: [1, 2] for inputs of shape (None, 2, 1, 3).",
  });
});

const inert = {
  RandomFlip: { mode: 'horizontal', seed: null, data_format: 'channels_last' },
  GaussianDropout: { rate: 0.1, seed: 3 },
  SpatialDropout3D: { rate: 0.5, seed: null, noise_shape: null, data_format: 'channels_last' },
  ActivityRegularization: { l1: 0.1, l2: 0 },
};

for (const [class_name, rest] of Object.entries(inert))
  test(`${class_name} passes its input on when the model predicts, and refuses to train`, async (t) => {
    const name = class_name.toLowerCase();
    const layer = deserializeLayer({
      class_name,
      config: { name, trainable: true, dtype: 'float32', ...rest },
    });
    t.deepEqual(layer.getConfig(), { name, trainable: true, ...rest });
    const head = { class_name: 'Dense', config: { name: 'dense', units: 2 } };
    const model = modelFromJson(
      JSON.stringify({
        class_name: 'Sequential',
        config: {
          name: 's',
          layers: [{ class_name, config: { batch_input_shape: shape, name, ...rest } }, head],
        },
      }),
    );
    model.compile({ loss: 'mse', engine: 'js' });
    model.setWeights([Float32Array.of(1, 0, 0, 1, 0, 0), new Float32Array(2)]);
    const { data } = await model.predict(levels, { verbose: 0 });
    assertClose(t, data, [0, 127.5, 51, 102], { label: 'predictions' });
    t.deepEqual(
      modelFromJson(modelToJson(model)).layers.map((other: Layer) => other.getConfig()),
      model.layers.map((own) => own.getConfig()),
    );
    await t.throwsAsync(model.trainOnBatch(levels, [[[[0, 0]], [[0, 0]]]]), {
      message: `Expected layers that train. Received: '${name}' (${class_name}), which only predicts here. Hint: make the model without it to train on, and augment with ImageDataGenerator.`,
    });
  });

test('names that are no ASCII are read as UTF-8, also where Keras marks them as ASCII', async (t) => {
  const names = ['größe', 'Фильтр', '平均', 'ß’€', 'plain'];
  const marked = await writeHdf5((root) => root.strings('layer_names', names));
  await h5wasm.ready;
  const file = new h5wasm.File('ascii.h5', 'w');
  for (const name of names) file.create_group(name);
  file.create_attribute('layer_names', names, null, 'S16');
  file.close();
  const unmarked = h5wasm.FS?.readFile('ascii.h5') as Uint8Array;
  for (const bytes of [marked, unmarked])
    t.deepEqual(await readHdf5(bytes, (root) => root.strings('layer_names')), names);
  const paths = await readHdf5(unmarked, (root) => names.map((name) => root.group(name).path));
  t.deepEqual(
    paths,
    names.map((name) => `/${name}`),
  );
});

test('slashes in names of Keras 2 become low lines', (t) => {
  const flatten = { class_name: 'Flatten', name: 'pool/flat', config: { name: 'pool/flat' } };
  const model = modelFromJson(
    functional([{ ...flatten, inbound_nodes: [[['x', 0, 0, {}]]] } as { name: string }]),
  );
  t.deepEqual(
    model.layers.map(({ name }) => name),
    ['x', 'pool_flat'],
  );
});

test('weights of TF.js lie beside their model.json', (t) => {
  const manifest = (path: string) => JSON.stringify({ weightsManifest: [{ paths: [path], weights: [] }] });
  for (const path of ['../a.bin', '/a.bin', 'c:\\a.bin', 'a.bin\0', 'x/\0'])
    t.throws(() => tfjsWeightFiles(manifest(path)), {
      message: `Expected weights beside 'model.json'. Received: '${path}'. Hint: do not trust this file.`,
    });
});
