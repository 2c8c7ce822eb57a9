/** Six batches with each optimizer and with averages and accumulation: the weights are Keras's 3.15. */
import test from 'ava';
import { float32 } from '../../src/graph/tensor.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { Input } from '../../src/keras/layers/input.js';
import type { EngineChoice } from '../../src/keras/models/compilation.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import * as optimizers from '../../src/keras/optimizers/index.js';
import { decodeKerasModel, encodeKerasModel } from '../../src/keras/saving/index.js';
import { assertClose } from '../compare.js';
import { make, type Spec } from './case.js';

const numbers = (dims: readonly [number, number], value: (i: number) => number) =>
  float32(
    Float32Array.from({ length: dims[0] * dims[1] }, (_, i) => value(i)),
    dims,
  );
const x = numbers([4, 3], (i) => Math.sin(i + 1));
const y = numbers([4, 2], Math.cos);

function modelWith(optimizer: optimizers.Optimizer, engine: EngineChoice = 'ort') {
  const model = new Sequential([Input({ shape: [3] }), new Dense({ units: 2 })]);
  model.setWeights([numbers([3, 2], (i) => Math.cos(1.7 * i)).data, Float32Array.of(0.5, -0.5)]);
  model.compile({ optimizer, loss: 'mse', engine });
  return model;
}
const fit = (model: Sequential, epochs = 3) =>
  model.fit(x, y, { batchSize: 2, epochs, shuffle: false, verbose: 0 });
const weightsOf = (model: Sequential) => model.getWeights().flatMap((weight) => [...weight]);

const cases: readonly (readonly [...Spec, weights: readonly number[], iterations: number])[] = [
  [
    'Nadam',
    {},
    [
      1.0003985166549683, -0.12633836269378662, -0.9668516516685486, 0.379761278629303, 0.8685543537139893,
      -0.6021637916564941, 0.49522823095321655, -0.49547383189201355,
    ],
    6,
  ],
  [
    'Adagrad',
    { learning_rate: 0.1 },
    [
      1.0119470357894897, -0.014792708680033684, -0.985839307308197, 0.4396742582321167, 0.7666261196136475,
      -0.6709356904029846, 0.2833399474620819, -0.2231237292289734,
    ],
    6,
  ],
  [
    'Adamax',
    { learning_rate: 0.01 },
    [
      1.0109398365020752, -0.09735195338726044, -0.9618217945098877, 0.40348145365715027, 0.8661403656005859,
      -0.5987368822097778, 0.45151713490486145, -0.46046075224876404,
    ],
    6,
  ],
  [
    'Adadelta',
    { learning_rate: 1 },
    [
      0.9997266530990601, -0.12554219365119934, -0.9678873419761658, 0.38007256388664246, 0.8668693900108337,
      -0.6032893061637878, 0.49090519547462463, -0.4914446175098419,
    ],
    6,
  ],
  [
    'Lion',
    { learning_rate: 0.01 },
    [
      1, -0.10884450376033783, -0.9667981863021851, 0.37797772884368896, 0.8693974614143372,
      -0.6020119190216064, 0.440000057220459, -0.440000057220459,
    ],
    6,
  ],
  [
    'Adafactor',
    { learning_rate: 0.05 },
    [
      0.9929225444793701, -0.04917152598500252, -0.9947801828384399, 0.4135453402996063, 0.8092958927154541,
      -0.6510871648788452, 0.3861141800880432, -0.39121779799461365,
    ],
    6,
  ],
  [
    'SGD',
    { use_ema: true, ema_momentum: 0.5, learning_rate: 0.1 },
    [
      1.0082799196243286, -0.038792140781879425, -1.0117578506469727, 0.44032204151153564, 0.8125338554382324,
      -0.6246947646141052, 0.38462522625923157, -0.25535672903060913,
    ],
    6,
  ],
  [
    'SGD',
    { use_ema: true, ema_momentum: 0.5, ema_overwrite_frequency: 2, learning_rate: 0.1 },
    [
      1.0316239595413208, -0.03753083571791649, -0.9654228687286377, 0.45441699028015137, 0.8392596244812012,
      -0.610724925994873, 0.40840598940849304, -0.3182530105113983,
    ],
    6,
  ],
  [
    'Adam',
    { gradient_accumulation_steps: 3, learning_rate: 0.01 },
    [
      1.008078694343567, -0.11024229973554611, -0.9620680212974548, 0.39491358399391174, 0.8510887622833252,
      -0.5978919863700867, 0.4799879491329193, -0.4800831079483032,
    ],
    2,
  ],
  [
    'Adam',
    { gradient_accumulation_steps: 4, learning_rate: 0.01 },
    [
      0.9900015592575073, -0.11884471774101257, -0.976797878742218, 0.3879774808883667, 0.8593977689743042,
      -0.6120108366012573, 0.4900001883506775, -0.4900001287460327,
    ],
    1,
  ],
  [
    'RMSprop',
    { loss_scale_factor: 4 },
    [
      1.0008565187454224, -0.1228392943739891, -0.9669774174690247, 0.3821066617965698, 0.867436408996582,
      -0.6024474501609802, 0.48766133189201355, -0.4881771504878998,
    ],
    6,
  ],
];

for (const [className, options, weights, iterations] of cases) {
  const made = () => make<optimizers.Optimizer>(optimizers, [className, options]);
  for (const engine of ['ort', 'js'] as const)
    test(`${className} ${JSON.stringify(options)} (${engine})`, async (t) => {
      const model = modelWith(made(), engine);
      await fit(model);
      assertClose(t, weightsOf(model), weights, { label: className, relative: 1e-6, absolute: 1e-6 });
      t.is(model.optimizer.iterations, iterations);
      await model.release();
    });

  test(`${className} ${JSON.stringify(options)} goes on from a file as if it had not stopped`, async (t) => {
    const [whole, half] = [modelWith(made()), modelWith(made())];
    await fit(half, 2);
    const read = (await decodeKerasModel(await encodeKerasModel(half, 'keras'))) as Sequential;
    t.deepEqual(read.optimizer.getConfig(), half.optimizer.getConfig());
    t.is(read.optimizer.batches, 4);
    await fit(half, 1);
    await fit(read, 1);
    t.deepEqual(weightsOf(read), weightsOf(half));
    await Promise.all([whole, half, read].map((model) => model.release()));
  });
}

test('weights that are excluded do not decay', async (t) => {
  const optimizer = new optimizers.SGD({ weightDecay: 0.5, learningRate: 0.1 });
  optimizer.excludeFromWeightDecay({ varNames: ['bias'] });
  const model = modelWith(optimizer);
  await fit(model);
  const expected = [0.722821056842804, -0.01476658508181572, -0.7881788611412048, 0.32271915674209595];
  expected.push(0.567618191242218, -0.47399255633354187, 0.36412546038627625, -0.2003539651632309);
  assertClose(t, weightsOf(model), expected, { label: 'weights', relative: 1e-6 });
  t.throws(() => optimizer.excludeFromWeightDecay({ varList: model.trainableWeights }), {
    name: 'ValueError',
    message: '`exclude_from_weight_decay()` can only be configured before the optimizer is built.',
  });
  t.throws(() => new optimizers.SGD().excludeFromWeightDecay({ varnames: ['bias'] } as never), {
    name: 'TypeError',
    message:
      "excludeFromWeightDecay() got an unexpected keyword argument 'varnames'. Hint: write 'varNames' for 'varnames'.",
  });

  const byList = new optimizers.SGD({ weightDecay: 0.5, learningRate: 0.1 });
  const listed = modelWith(byList);
  byList.excludeFromWeightDecay({ varList: listed.trainableWeights.slice(1) });
  await fit(listed);
  t.deepEqual(weightsOf(listed), weightsOf(model));
  await Promise.all([model.release(), listed.release()]);
});

test("options that make no sense are refused in Keras's words", (t) => {
  for (const [options, message] of [
    [
      { gradientAccumulationSteps: 1 },
      '`gradient_accumulation_steps` must be an integer >= 2. Received: gradient_accumulation_steps=1',
    ],
    [
      { useEma: true, emaMomentum: 1.5 },
      '`ema_momentum` must be in the range [0, 1]. Received: ema_momentum=1.5',
    ],
    [
      { useEma: true, emaOverwriteFrequency: 0.5 },
      '`ema_overwrite_frequency` must be an integer >= 1 or None. Received: ema_overwrite_frequency=0.5',
    ],
  ] as const)
    t.throws(() => new optimizers.Adam(options), { name: 'ValueError', message });
  t.throws(() => new optimizers.Lion({ beta1: 0 }), { name: 'ValueError', message: /Received: beta_1=0\.$/ });
});
