/** Data that do not fit are refused before anything is computed. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Constant } from '../../src/keras/initializers.js';
import { add, Dense, Flatten, Input } from '../../src/keras/layers/index.js';
import type { LossName } from '../../src/keras/losses/index.js';
import { type ArrayLikeData, type Inputs, Model, Sequential } from '../../src/keras/models/index.js';
import { SGD } from '../../src/keras/optimizers/index.js';
import { ImageDataGenerator } from '../../src/keras/preprocessing/index.js';
import { clearSession } from '../../src/keras/utils.js';

const zeros = (...dims: number[]) => float32(new Float32Array(dims.reduce((a, b) => a * b)), dims);
const silent = { verbose: 0 } as const;

function classifier(shape: readonly number[] = [3]) {
  const model = new Sequential(
    [Input({ shape }), new Flatten(), new Dense({ units: 2, activation: 'softmax' })],
    { name: 'model' },
  );
  model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}

test('inputs of another shape are refused by every method', async (t) => {
  clearSession();
  const model = classifier();
  const [x, y] = [zeros(2, 5), [0, 1]];
  const expectation = {
    name: 'ValueError',
    message:
      "Input 0 with name 'input_layer' of layer 'model' is incompatible with the layer: expected shape=(None, 3), found shape=(2, 5)",
  };
  await t.throwsAsync(model.fit(x, y, silent), expectation);
  await t.throwsAsync(model.evaluate(x, y, silent), expectation);
  await t.throwsAsync(model.predict(x, silent), expectation);
  await t.throwsAsync(model.trainOnBatch(x, y), expectation);
});

test('inputs of another number are refused', async (t) => {
  await t.throwsAsync(twoInputs().predict(zeros(2, 3), silent), {
    message:
      "Layer \"two\" expects 2 named input(s) with keys ['a', 'b'], but it received 1 input tensors. Pass inputs as a dict, e.g. `layer({'a': ..., 'b': ...})`.",
  });
});

/** 2a − b, with the inputs told apart. */
function twoInputs() {
  const [a, b] = [Input({ shape: [3], name: 'a' }), Input({ shape: [3], name: 'b' })];
  const ones = { units: 1, kernelInitializer: 'ones' } as const;
  const twice = new Dense(ones).apply(a);
  const once = new Dense({ ...ones, kernelInitializer: Constant({ value: -1 }) }).apply(b);
  const model = new Model({ inputs: [a, b], outputs: add([twice, twice, once]), name: 'two' });
  model.compile({ optimizer: new SGD({ learningRate: 0.1 }), loss: 'mse' });
  return model;
}

test('several inputs go by their order, or by their names in any order', async (t) => {
  const [a, b] = [float32([1, 2, 3, 4, 5, 6], [2, 3]), float32([1, 1, 1, 2, 2, 2], [2, 3])];
  const expected = [2 * 6 - 3, 2 * 15 - 6];
  const model = twoInputs();
  t.deepEqual([...(await model.predict([a, b], silent)).data], expected);
  t.deepEqual([...(await model.predict({ b, a }, silent)).data], expected);
  t.deepEqual([...(await model.predictOnBatch({ b, a })).data], expected);
  await t.throwsAsync(model.predict({ a, c: b }, silent), {
    name: 'ValueError',
    message:
      "Missing data for input \"b\". You passed a data dictionary with keys ['a', 'c']. Expected the following keys: ['a', 'b']",
  });
  const y = [[0], [0]];
  const { loss } = await model.evaluate({ b, a }, y, silent);
  t.is(loss, (9 ** 2 + 24 ** 2) / 2);
  const trained = async (x: Inputs) => {
    const other = twoInputs();
    await other.fit(x, y, silent);
    await other.fit([[x, y] as const][Symbol.iterator](), null, silent);
    return other.getWeights();
  };
  t.deepEqual(await trained({ b, a }), await trained([a, b]));
});

test('targets of another shape are refused in the words of the loss', async (t) => {
  const refused = async (loss: LossName, y: ArrayLikeData, message: RegExp) => {
    const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2, activation: 'softmax' })]);
    model.compile({ loss });
    const error = await t.throwsAsync(model.fit(zeros(2, 3), y, silent));
    t.is(error!.name, 'ValueError');
    t.regex(error!.message, message);
  };
  const start = 'Arguments `target` and `output` must have the same';
  const rank = `^${start} rank \\(ndim\\)\\. Received: target\\.shape=\\(None,\\), output\\.shape=\\(None, 2\\)`;
  const shape = `^${start} shape\\. Received: target\\.shape=\\(None, 5\\), output\\.shape=\\(None, 2\\)`;
  await refused('categorical_crossentropy', [0, 1], new RegExp(`${rank}\\. Hint: toCategorical`));
  await refused('categorical_crossentropy', zeros(2, 5), new RegExp(`${shape}\\. Hint: toCategorical`));
  await refused('binary_crossentropy', [0, 1], new RegExp(`${rank}$`));
  await refused(
    'sparse_categorical_crossentropy',
    zeros(2, 2),
    /^Argument `output` must have rank \(ndim\) `target\.ndim - 1`\. Received: target\.shape=\(None, 2\), output\.shape=\(None, 2\)\. Hint: categorical_crossentropy takes one-hot rows\.$/,
  );
  await refused('mse', zeros(2, 3), /^Expected targets of shape \(None, 2\)\. Received: \(None, 3\)\.$/);
});

test('data of different lengths, and shares that leave nothing, are refused', async (t) => {
  const model = classifier();
  await t.throwsAsync(model.fit(zeros(2, 3), [0, 1, 1], { ...silent, sampleWeight: [1] }), {
    name: 'ValueError',
    message:
      "Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' sizes: 2\n'y' sizes: 3\n'sample_weight' sizes: 1\n",
  });
  for (const validationSplit of [1, 1.5, -0.5])
    await t.throwsAsync(model.fit(zeros(2, 3), [0, 1], { ...silent, validationSplit }), {
      message: /^Training data contains 2 samples, which is not sufficient to split it/,
    });
});

test('a model that is not compiled says so', async (t) => {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]);
  const expectation = {
    name: 'ValueError',
    message: 'You must call `compile()` before using the model.',
  };
  await t.throwsAsync(model.fit(zeros(2, 3), zeros(2, 2)), expectation);
  await t.throwsAsync(model.evaluate(zeros(2, 3), zeros(2, 2)), expectation);
  await t.throwsAsync(model.trainOnBatch(zeros(2, 3), zeros(2, 2)), expectation);
});

test('a last axis of length 1 may be missing, or too many', async (t) => {
  t.deepEqual((await classifier([4, 4, 1]).predict(zeros(2, 4, 4), silent)).dims, [2, 2]);
  t.deepEqual((await classifier([3]).predict(zeros(2, 3, 1), silent)).dims, [2, 2]);
  await t.throwsAsync(classifier([4, 4, 3]).predict(zeros(4, 4, 3), silent), {
    message: /expected shape=\(None, 4, 4, 3\), found shape=\(4, 4, 3\)$/,
  });
});

test('class indices that are no class are refused', async (t) => {
  const model = classifier();
  for (const [index, y] of [
    [2, [0, 2]],
    [-1, [-1, 0]],
    [Number.NaN, [0, Number.NaN]],
  ] as const)
    await t.throwsAsync(model.fit(zeros(2, 3), y, silent), {
      name: 'ValueError',
      message: `Received a label value of ${index} which is outside the valid range of [0, 2).`,
    });
  await t.notThrowsAsync(model.fit(zeros(2, 3), [0, 1], silent));
});

test('class indices may be a typed array, as iterators have them', async (t) => {
  const model = classifier();
  await model.fit(zeros(2, 3), Int32Array.of(0, 1), silent);
  const { loss } = await model.evaluate(zeros(2, 3), Int32Array.of(1, 1), silent);
  t.deepEqual(loss, (await model.evaluate(zeros(2, 3), [1, 1], silent)).loss);
});

test('nothing to train on is refused', async (t) => {
  const model = classifier();
  await t.throwsAsync(model.fit(zeros(0, 3), [], silent), {
    message: 'Expected at least one sample. Received: none.',
  });
  const pictures = new ImageDataGenerator().flow(zeros(0, 1, 1, 3), null);
  await t.throwsAsync(classifier([1, 1, 3]).fit(pictures, null, silent), {
    message: /^The PyDataset has length 0\./,
  });
  await t.throwsAsync(model.fit(zeros(2, 3), [0, 1], { batchSize: 0, ...silent }), {
    message: 'Expected `batchSize` to be a positive whole number. Received: 0.',
  });
});

test('a generator that yields no pairs is told what to yield', async (t) => {
  function* inputsAlone() {
    yield zeros(2, 3);
  }
  await t.throwsAsync(classifier().fit(inputsAlone() as never, null, silent), {
    message: 'Expected a batch to be a list `[x, y]` or `[x, y, sampleWeight]`. Received: no list.',
  });
});

test('a Sequential without an Input takes its shape from the first arrays, or from build', async (t) => {
  const make = () => {
    const model = new Sequential([
      new Dense({ units: 4, activation: 'relu' }),
      new Dense({ units: 2, activation: 'softmax' }),
    ]);
    model.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
    return model;
  };
  const fitted = make();
  function* batches() {
    yield [zeros(2, 3), [0, 1]] as const;
  }
  await t.notThrowsAsync(make().fit(batches(), null, silent));
  const { history } = await fitted.fit(zeros(2, 3), [0, 1], silent);
  t.deepEqual(Object.keys(history).sort(), ['accuracy', 'loss']);
  t.deepEqual(fitted.inputShape, [null, 3]);

  const built = make();
  built.build([null, 7]);
  t.is(built.countParams(), 7 * 4 + 4 + 4 * 2 + 2);
  await t.notThrowsAsync(built.fit(zeros(2, 7), [0, 1], silent));
  t.deepEqual((await make().predict(zeros(5, 3), silent)).dims, [5, 2]);
});

test('names that are not known are refused in Keras’s words, with those that are', (t) => {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]);
  const refused = (what: () => unknown, message: string) => t.throws(what, { name: 'ValueError', message });
  refused(
    () => model.compile({ optimizer: 'lamb' as never, loss: 'mse' }),
    'Could not interpret optimizer identifier: lamb. Hint: one of rmsprop, sgd, adam, adamw, adadelta, adafactor, adagrad, adamax, lion, nadam.',
  );
  refused(
    () => model.compile({ loss: 'ctc' as never }),
    'Could not interpret loss identifier: ctc. Hint: one of binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy, categorical_hinge, cosine_similarity, dice, hinge, huber, kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error, poisson, sparse_categorical_crossentropy, squared_hinge, tversky, BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy, CategoricalHinge, CosineSimilarity, Dice, Hinge, Huber, KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge, Tversky, bce, BCE, kld, KLD, mae, MAE, mape, MAPE, mse, MSE, msle, MSLE.',
  );
  refused(
    () => model.compile({ loss: 'mse', metrics: ['f1' as never] }),
    'Could not interpret metric identifier: f1',
  );
  refused(
    () => new Dense({ units: 2, activation: 'glu' as never }),
    'Could not interpret activation function identifier: glu. Hint: one of linear, relu, relu6, leaky_relu, elu, gelu, sigmoid, silu, swish, hard_sigmoid, hard_silu, hard_swish, tanh, softmax, selu, softplus, mish, softsign, exponential, celu, squareplus, log_sigmoid, tanh_shrink, hard_shrink, soft_shrink, hard_tanh, sparse_plus, sparse_sigmoid.',
  );
  refused(
    () => new Dense({ units: 2, kernelInitializer: 'stft' as never }),
    'Could not interpret initializer identifier: stft. Hint: one of zeros, ones, constant, random_uniform, random_normal, truncated_normal, variance_scaling, glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, orthogonal, identity.',
  );
  refused(
    () => new Dense({ units: 2, kernelRegularizer: 'l3' as never }),
    'Could not interpret regularizer identifier: l3. Hint: one of l1, l2, l1l2.',
  );
});

test('a layer that is shared takes an axis of unknown size, which may be the one that it knows', (t) => {
  const dense = new Dense({ units: 2 });
  dense.apply(Input({ shape: [8] }));
  t.deepEqual(dense.apply(Input({ shape: [null] })).shape, [null, 2]);
  t.throws(() => dense.apply(Input({ shape: [7] })), { message: /to have value 8/ });
});
