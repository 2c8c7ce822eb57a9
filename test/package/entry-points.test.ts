import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import * as root from 'ort-transfer';
import * as applications from 'ort-transfer/applications';
import * as callbacks from 'ort-transfer/callbacks';
import * as constraints from 'ort-transfer/constraints';
import * as initializers from 'ort-transfer/initializers';
import * as layers from 'ort-transfer/layers';
import * as losses from 'ort-transfer/losses';
import * as metrics from 'ort-transfer/metrics';
import * as models from 'ort-transfer/models';
import * as optimizers from 'ort-transfer/optimizers';
import * as image from 'ort-transfer/preprocessing/image';
import * as regularizers from 'ort-transfer/regularizers';
import * as saving from 'ort-transfer/saving';
import * as utils from 'ort-transfer/utils';

/** What a Python user imports, module by module. */
const names: [name: string, module: object, expected: string][] = [
  ['applications', applications, 'MobileNet MobileNetV2 mobilenet mobilenetV2'],
  [
    'callbacks',
    callbacks,
    'BackupAndRestore CSVLogger Callback CallbackList EarlyStopping History LambdaCallback LearningRateScheduler ModelCheckpoint ProgbarLogger ReduceLROnPlateau TensorBoard TerminateOnNaN',
  ],
  [
    'initializers',
    initializers,
    'Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros',
  ],
  [
    'layers',
    layers,
    'Activation Add AveragePooling2D BatchNormalization Concatenate Conv2D Dense DepthwiseConv2D Dropout ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D Input InputLayer Layer LeakyReLU MaxPooling2D ReLU Reshape SeparableConv2D Softmax ZeroPadding2D',
  ],
  [
    'losses',
    losses,
    'BinaryCrossentropy CategoricalCrossentropy Loss MeanSquaredError SparseCategoricalCrossentropy',
  ],
  ['metrics', metrics, 'Accuracy BinaryAccuracy CategoricalAccuracy Metric SparseCategoricalAccuracy'],
  ['models', models, 'Functional Model Sequential loadModel modelFromJson'],
  ['optimizers', optimizers, 'Adam AdamW Optimizer RMSprop SGD'],
  [
    'preprocessing/image',
    image,
    'DirectoryIterator ImageDataGenerator NumpyArrayIterator arrayToImg imgToArray loadImg saveImg',
  ],
  ['constraints', constraints, 'Constraint MaxNorm MinMaxNorm NonNeg UnitNorm'],
  ['regularizers', regularizers, 'L1 L1L2 L2 Regularizer'],
  ['saving', saving, 'loadModel saveModel'],
  [
    'utils',
    utils,
    'Progbar arrayToImg clearSession imageDatasetFromDirectory imgToArray loadImg saveImg setRandomSeed toCategorical',
  ],
];

for (const [name, module, expected] of names)
  test(`ort-transfer/${name} has Keras's names`, (t) => {
    const missing = expected.split(' ').filter((key) => !(key in module));
    t.deepEqual(missing, []);
  });

test('the package itself has every module of Keras, and what keras has at its top', (t) => {
  const modules = names.map(([name]) => name.replace(/^.*\//, ''));
  const others =
    'Classifier Functional Input Layer Loss Metric Model Optimizer Sequential evaluateClassifier loadModel ortNode trainClassifier writeFeatures';
  t.deepEqual(
    [...modules, ...others.split(' ')].filter((key) => !(key in root)),
    [],
  );
  for (const [name, module] of names)
    t.is((root as Record<string, unknown>)[name.replace(/^.*\//, '')], module, name);
});

test('every entry point is there, with its types', (t) => {
  const { exports } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  const files: string[] = Object.values(exports);
  t.true(files.length > 10);
  for (const file of files.filter((path) => path.endsWith('.js'))) {
    t.true(existsSync(new URL(`../../../${file}`, import.meta.url)), file);
    t.true(existsSync(new URL(`../../../${file.replace(/js$/, 'd.ts')}`, import.meta.url)), file);
  }
});

test('a model is made of what the entry points export', async (t) => {
  utils.setRandomSeed(1);
  const model = new models.Sequential([
    layers.Input({ shape: [2] }),
    new layers.Dense({
      units: 1,
      kernelRegularizer: regularizers.L2(),
      kernelInitializer: initializers.Ones(),
    }),
  ]);
  model.compile({ optimizer: new optimizers.RMSprop(), loss: new losses.MeanSquaredError() });
  const { history } = await model.fit([[1, 2]], [[3]], { verbose: 0 });
  // The prediction is 3; the penalty is 0.01 · (1² + 1²).
  t.deepEqual(Object.keys(history), ['loss']);
  t.true(Math.abs(history.loss![0]! - 0.02) < 1e-6, String(history.loss));
});

test('every test that the table of differences names is there', (t) => {
  const root = new URL('../../../', import.meta.url);
  const page = readFileSync(new URL('docs/keras.md', root), 'utf8');
  const table = page.split('| Area | Supported |')[1]!.split('\n\n')[0]!;
  const names = [...table.matchAll(/`([a-z]+\/[a-z-]+)`/g)].map(([, name]) => name!);
  t.true(names.length > 20, String(names));
  t.deepEqual(
    names.filter((name) => !existsSync(new URL(`test/${name}.test.ts`, root))),
    [],
  );
});
