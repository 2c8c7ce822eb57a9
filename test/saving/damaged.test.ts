import { readFile } from 'node:fs/promises';
import test from 'ava';
import { strToU8, zipSync } from 'fflate';
import { float32 } from '../../src/graph/tensor.js';
import { readArchive, writeArchive } from '../../src/keras/saving/archive.js';
import { writeHdf5 } from '../../src/keras/saving/hdf5.js';
import { decodeKerasModel, modelFromJson } from '../../src/keras/saving/index.js';

const sound = await readFile('test/golden/saving/keras-3.15.keras');
const legacy = await readFile('test/golden/saving/keras-3.15.h5');
const archive = readArchive(sound);

/** The model with its configuration changed. */
const withConfig = (change: (config: string) => string): Uint8Array =>
  writeArchive({ ...archive, config: change(archive.config) });

/** Replaces text that is there. */
const replace = (from: string, to: string) =>
  withConfig((config) => {
    if (!config.includes(from)) throw new Error(`The configuration lacks ${from}.`);
    return config.replaceAll(from, to);
  });

const cases: Readonly<Record<string, readonly [bytes: Uint8Array, message: string | RegExp]>> = {
  'an unknown layer': [
    replace('"class_name": "GlobalAveragePooling2D"', '"class_name": "LSTM"'),
    /^Expected layer 'global_average_pooling2d' to be one of Activation, Add, .*\. Received: LSTM\. Hint: leave the layer out in Keras, and save the model again\.$/,
  ],
  'channels first': [
    replace('"channels_last"', '"channels_first"'),
    /^Expected data_format "channels_last" in layer 'zero_padding2d' \(ZeroPadding2D\)\. Received: "channels_first"\./,
  ],
  'a constraint that is unknown': [
    replace(
      '"kernel_constraint": null, "bias_constraint": null, "quantization',
      '"kernel_constraint": {"class_name": "Mine"}, "quantization',
    ),
    'Expected one of the constraints MaxNorm, NonNeg, UnitNorm, MinMaxNorm in layer \'probabilities\' (Dense). Received: "Mine".',
  ],
  'units that are no number': [
    replace('"units": 3', '"units": "3"'),
    "Expected a number for 'units' of layer 'probabilities' (Dense). Received: \"3\".",
  ],
  'more units than fit into the file': [
    replace('"units": 3', '"units": 30000000'),
    /^In layer 'probabilities': Expected weights that fit into a file of \d+ bytes\. Received: a weight of shape \(\d, 30000000\)\.$/,
  ],
  'other units than the weights have': [
    replace('"units": 3', '"units": 4'),
    /^Shape mismatch in layer 'probabilities' for weight probabilities\/kernel\. Weight expects shape \(\d, 4\)\. Received saved weight with shape \(\d, 3\)\.$/,
  ],
  'an unknown activation': [
    replace('"softmax"', '"swoosh"'),
    /^In layer 'probabilities' \(Dense\): .*identifier: swoosh\./,
  ],
  'an optimizer that is unknown': [
    replace('"class_name": "Adam"', '"class_name": "Lamb"'),
    /^Expected one of the optimizers .*Adam.*\. Received: Lamb\. Hint: load the model with `compile: false`, and compile it yourself\.$/,
  ],
  'a model of a class of its own': [
    withConfig((config) => config.replace('"class_name": "Functional"', '"class_name": "Mine"')),
    'Expected a model of class Functional or Sequential. Received: "Mine". Hint: of a subclassed model, save the functional part.',
  ],
  'a layer that reads itself': [
    replace('"keras_history": ["body", 0, 0]', '"keras_history": ["probabilities", 0, 0]'),
    "Expected a model without loops. Received: layer 'probabilities', which reads what it makes.",
  ],
  'a layer that is not there': [
    replace('"keras_history": ["body", 0, 0]', '"keras_history": ["__proto__", 0, 0]'),
    "Unknown layer: '__proto__'. Hint: the model's configuration is damaged.",
  ],
  'deep nesting': [
    withConfig(() => `${'['.repeat(1e6)}${']'.repeat(1e6)}`),
    "Expected 'config.json' to be nested up to 500 deep. Received: deeper.",
  ],
  'no JSON': [withConfig(() => '{'), /^Expected JSON in 'config\.json'\. Received: .*\.$/],
  'the wrong JSON': [
    withConfig(() => '[]'),
    "Expected an object for the model's configuration. Received: [].",
  ],
  'a zip file that is cut short': [
    sound.subarray(0, 20_000),
    /^Expected a \.keras file, which is a zip file\. Received: 20000 bytes that are none, or not all of one \(.*\)\. Hint: the file may be cut short; fetch it again\.$/,
  ],
  'a zip file of other things': [
    zipSync({ '../../etc/passwd': strToU8('root'), '/config.json': strToU8('{}') }),
    "Expected 'metadata.json' in a .keras file. Received: ../../etc/passwd, /config.json.",
  ],
  'a zip bomb': [
    zipSync({ 'config.json': new Uint8Array(100e6) }, { level: 9 }),
    /^Expected 'config\.json' to unpack to at most 100 times what is stored\. Received: \d+ bytes that claim to be 100000000\. Hint: do not trust this file\.$/,
  ],
  'weights that are cut short': [
    writeArchive({ ...archive, weights: archive.weights.subarray(0, 9000) }),
    `Expected ${archive.weights.length} bytes of HDF5. Received: 9000. Hint: the file is cut short; fetch it again.`,
  ],
  'an .h5 file that is cut short': [
    legacy.subarray(0, legacy.length - 1),
    `Expected ${legacy.length} bytes of HDF5. Received: ${legacy.length - 1}. Hint: the file is cut short; fetch it again.`,
  ],
  'weights without a model': [
    await writeHdf5((root) => root.tensor('a', float32([1]))),
    "Expected a whole model, with the attribute 'model_config'. Received: an HDF5 file without. Hint: make the model, then load the file with `model.loadWeights(path)`.",
  ],
  'a text without end': [
    damagedHeap(),
    'Expected texts within the heap at byte 2048. Received: a length that leads out of it. Hint: the file is damaged; fetch it again.',
  ],
  'something else': [
    strToU8('<!doctype html>'),
    'Expected a model that Keras saved, .keras or .h5. Received: 15 bytes of something else.',
  ],
};

/** The HDF5 library reads a text of length 0 in its list of texts for ever. */
function damagedHeap(): Uint8Array {
  const bytes = legacy.slice();
  const heap = legacy.indexOf('GCOL');
  if (heap !== 2048) throw new Error(`The heap is at ${heap}.`);
  bytes.fill(0, heap + 16, heap + 32);
  return bytes;
}

for (const [label, [bytes, message]] of Object.entries(cases))
  test(`refuses ${label}`, async (t) => {
    const error = await t.throwsAsync(decodeKerasModel(bytes));
    if (typeof message === 'string') t.is(error?.message, message);
    else t.regex(error?.message ?? '', message);
    t.true(['ValueError', 'Hdf5FormatError'].includes(error?.name ?? ''), error?.name);
  });

test('a .keras file that was zipped by a method that few know is refused with its number', (t) => {
  const zip = writeArchive(archive);
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  // The central directory names the method of each file at byte 10 of its entry.
  for (let at = 0; at < zip.length - 4; at++)
    if (view.getUint32(at, true) === 0x02014b50) view.setUint16(at + 10, 14, true);
  t.throws(() => readArchive(zip), {
    name: 'ValueError',
    message:
      "Expected files in the .keras file that are stored or deflated. Received: 'metadata.json', compressed by method 14 of zip. Hint: unzip it and zip it again, which deflates.",
  });
});

test('keys that are names of prototypes change nothing', (t) => {
  const json = archive.config.replace(
    '"config": {',
    '"config": {"__proto__": {"polluted": true}, "constructor": 1, ',
  );
  t.is(modelFromJson(json).name, 'classifier');
  t.is(({} as { polluted?: boolean }).polluted, undefined);
});

test('more layers than any model has are refused', (t) => {
  const layer = { class_name: 'Dropout', config: { name: 'dropout', rate: 0.5 } };
  const layers = Array.from({ length: 5000 }, () => layer);
  t.throws(
    () => modelFromJson(JSON.stringify({ class_name: 'Sequential', config: { name: 'deep', layers } })),
    {
      message: "Expected up to 4000 layers in model 'deep'. Received: 5000.",
    },
  );
});
