/** Every public class and function that takes options refuses those that it does not know. */
import test from 'ava';
import * as root from '../../src/index.js';
import { constructorsOf, namesReadBy } from '../../src/named-options.js';

const { layers, models, preprocessing, x, y } = (() => {
  const { layers, models, image: preprocessing } = root;
  const x = root.float32([1, 2], [2, 1]);
  return { layers, models, preprocessing, x, y: x };
})();

const input = layers.Input({ shape: [2] });
const pictures = root.float32(new Float32Array(12), [1, 2, 2, 3]);
const generator = new preprocessing.ImageDataGenerator();
const model = () => {
  const made = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense({ units: 1 })]);
  made.compile({ loss: 'mse' });
  return made;
};

type Options = { [name: string]: unknown };
type Call = (options: never) => unknown;

/** Classes whose options are not their first argument, and what else they need. */
const classes: Readonly<Record<string, Call>> = {
  Sequential: (options) => new models.Sequential([], options),
  DirectoryIterator: (options) => new preprocessing.DirectoryIterator('nowhere', generator, options),
  NumpyArrayIterator: (options) => new preprocessing.NumpyArrayIterator(pictures, null, generator, options),
  PyDatasetAdapter: (options) =>
    new preprocessing.PyDatasetAdapter(
      { length: 0, draw() {}, make: async () => 0, onEpochEnd() {} },
      options,
    ),
};

/** Functions that take options, and methods. */
const functions: Readonly<Record<string, Call>> = {
  'applications.MobileNet': root.applications.MobileNet,
  'applications.MobileNetV2': root.applications.MobileNetV2,
  'applications.loadBackbone': root.applications.loadBackbone,
  'layers.Input': layers.Input,
  'layers.add': (options) => layers.add([input, input], options),
  'layers.concatenate': (options) => layers.concatenate([input, input], options),
  'models.cloneModel': (options) => models.cloneModel(model(), options),
  'models.loadModel': (options) => models.loadModel('nowhere.keras', options),
  'model.compile': (options) => model().compile(options),
  'model.fit': (options) => model().fit(x, y, options),
  'model.fitGenerator': (options: object) =>
    model().fitGenerator([[x, y]] as never, { warn() {}, ...options } as never),
  'model.evaluate': (options) => model().evaluate(x, y, options),
  'model.predict': (options) => model().predict(x, options),
  'model.trainOnBatch': (options) => model().trainOnBatch(x, y, options),
  'model.testOnBatch': (options) => model().testOnBatch(x, y, options),
  'model.summary': (options) => model().summary(options),
  'model.save': (options) => model().save('/nowhere/model.keras', options),
  'model.saveWeights': (options) => model().saveWeights('/nowhere/model.weights.h5', options),
  'model.loadWeights': (options) => model().loadWeights('/nowhere/model.weights.h5', options),
  'model.getLayer': (options) => model().getLayer({ index: 0, ...(options as object) }),
  'image.ImageDataGenerator.flow': (options) => generator.flow(pictures, null, options),
  'image.ImageDataGenerator.flowFromDirectory': (options) => generator.flowFromDirectory('nowhere', options),
  'image.ImageDataGenerator.fit': (options) => generator.fit(pictures, options),
  'image.ImageDataGenerator.applyTransform': (options) => generator.applyTransform(one(), options),
  'image.applyAffineTransform': (options) => preprocessing.applyAffineTransform(one(), {}, options),
  'image.arrayToImg': (options) => preprocessing.arrayToImg(one(), options),
  'image.loadImg': (options) => preprocessing.loadImg('nowhere.png', options),
  'image.saveImg': (options) => preprocessing.saveImg('/nowhere/picture.png', one(), options),
  'image.imageDatasetFromDirectory': (options) => preprocessing.imageDatasetFromDirectory('nowhere', options),
  'utils.Progbar': (options) => new root.utils.Progbar(options),
  'saving.decodeKerasModel': (options) => root.saving.decodeKerasModel(new Uint8Array(), options),
  'saving.loadWeightsFrom': (options) => root.saving.loadWeightsFrom(model(), new Uint8Array(), options),
  classifyFiles: (options) => root.classifyFiles([], options).next(),
  evaluateClassifier: (options) => root.evaluateClassifier(options, root.silent),
  openEngine: root.openEngine,
  ortNode: root.ortNode,
  publishModel: (options) => root.publishModel(options, root.silent),
  decodePredictions: (options) => root.decodePredictions(one(), options),
  loadClassifier: (options) => root.loadClassifier('nowhere.onnx', options),
  train: root.train,
  trainClassifier: (options) => root.trainClassifier(options, root.silent),
  writeFeatures: (options) => root.writeFeatures(options, root.silent),
  'Classifier.classifyMany': (options) => root.Classifier.prototype.classifyMany([], options),
  'Classifier.embed': (options) => root.Classifier.prototype.embed(new Uint8Array(), options),
  'Classifier.classify': (options) => root.Classifier.prototype.classify(new Uint8Array(), options),
};

const one = () => root.float32(new Float32Array(12), [2, 2, 3]);

/** What takes no options, or takes them from this package alone. */
const without = new Set([
  ...['KerasTensor', 'Layer', 'Loss', 'Metric', 'Optimizer', 'LearningRateSchedule', 'Callback', 'History'],
  ...[
    'ImageDataset',
    'ImageIterator',
    'Regularizer',
    'Classifier',
    'Functional',
    'Model',
    'MeanMetric',
    'RandomState',
  ],
  // Users' own subclasses pass on what they like to `Layer`, `Optimizer` and `Callback`, which refuse it.
]);

interface Found {
  readonly name: string;
  readonly call: Call;
}

const isClass = (value: unknown): value is new (options: never) => object =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** Errors take messages. */
const isError = (value: { prototype: unknown }): boolean => value.prototype instanceof Error;

/** Every class that the entry points export, but for errors. */
function exportedClasses(): Found[] {
  const found = new Map<string, Found>();
  for (const module of Object.values(root))
    for (const [key, value] of [
      ...(typeof module === 'object' ? Object.entries(module) : []),
      ...(isClass(module) ? [[module.name, module] as const] : []),
    ]) {
      const { name } = (typeof value === 'function' ? value : { name: '' }) as { name: string };
      if (isClass(value) && !isError(value) && !without.has(name) && !found.has(name))
        found.set(name, { name: key, call: classes[name] ?? ((options) => new value(options)) });
    }
  return [...found.values()];
}

/** Initializers and regularizers, which are called without `new`. */
const called: Found[] = [...Object.entries(root.initializers), ...Object.entries(root.regularizers)].flatMap(
  ([name, value]) =>
    typeof value === 'function' && 'className' in value ? [{ name, call: value as Call }] : [],
);

const all = [
  ...exportedClasses(),
  ...called,
  ...Object.entries(functions).map(([name, call]) => ({ name, call })),
];

test('the walk meets all that there is', (t) => {
  const names = exportedClasses().map(({ name }) => name);
  for (const name of [
    'Dense',
    'Adam',
    'AUC',
    'EarlyStopping',
    'CosineDecay',
    'ImageDataGenerator',
    'Sequential',
  ])
    t.true(names.includes(name), name);
  t.true(names.length > 60, names.join());
  t.true(called.length >= 16);
});

/** The error of a call, whether it is thrown at once or later. */
async function errorOf(call: () => unknown): Promise<Error | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return error as Error;
  }
}

for (const { name, call } of all)
  test(`${name} refuses a name that it does not know, and options that are none`, async (t) => {
    const unknown: Options = { thatNobodyKnows: 1 };
    const error = await errorOf(() => call(unknown as never));
    t.regex(String(error?.message), /thatNobodyKnows/);
    t.true(['TypeError', 'ValueError'].includes(String(error?.name)), error?.name);
    if (/getLayer|fitGenerator/.test(name)) return;
    for (const none of [0.5, 'text', [1]])
      t.regex(
        String((await errorOf(() => call(none as never)))?.message),
        /by name, in one object/,
        `${none}`,
      );
  });

for (const { name, call } of all)
  test(`${name} names what was probably meant`, async (t) => {
    const known = classes[name] || !isClass(Object(call)) ? namesReadBy(call) : [];
    const [first] = known.filter((option) => /[a-z][A-Z]/.test(option));
    t.true(known.length >= 0);
    if (!first) return;
    const snake = first.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const error = await errorOf(() => call({ [snake]: 1 } as never));
    t.regex(String(error?.message), new RegExp(`Hint: write '${first}' for '${snake}'\\.`));
  });

test('names come nearest to what was written', (t) => {
  const messageOf = (call: () => unknown) => t.throws(call)?.message;
  const { Adam, RMSprop } = root.optimizers;
  t.is(
    messageOf(() => new Adam({ lr: 0.1 } as never)),
    "Argument(s) not recognized: {'lr': 0.1}. Hint: write 'learningRate' for 'lr'.",
  );
  t.is(
    messageOf(() => new RMSprop(0.5 as never)),
    'Expected the options of RMSprop by name, in one object. Received: 0.5. Hint: write RMSprop({ option: value }).',
  );
  t.is(
    messageOf(() => new preprocessing.ImageDataGenerator({ horizontal_flip: true } as never)),
    "ImageDataGenerator() got an unexpected keyword argument 'horizontal_flip'. Hint: write 'horizontalFlip' for 'horizontal_flip'.",
  );
  t.is(
    messageOf(() => new layers.Dense({ units: 1, loraRank: 'x' } as never)),
    "Unrecognized keyword arguments passed to Dense: {'loraRank': 'x'}. Hint: it knows units, activation, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint, name, trainable, inputShape.",
  );
  t.is(
    messageOf(() => new root.callbacks.EarlyStopping({ restore_best_weights: true } as never)),
    "EarlyStopping() got an unexpected keyword argument 'restore_best_weights'. Hint: write 'restoreBestWeights' for 'restore_best_weights'.",
  );
  t.deepEqual(
    new Set(constructorsOf(layers.Flatten as never).flatMap(namesReadBy)),
    new Set(['name', 'trainable', 'inputShape']),
  );
});
