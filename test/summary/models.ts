import { MobileNet } from '../../src/keras/applications/mobilenet.js';
import { BatchNormalization } from '../../src/keras/layers/batch-normalization.js';
import { Conv2D } from '../../src/keras/layers/conv2d.js';
import { Dense } from '../../src/keras/layers/dense.js';
import { DepthwiseConv2D } from '../../src/keras/layers/depthwise-conv2d.js';
import { Flatten } from '../../src/keras/layers/flatten.js';
import { GlobalAveragePooling2D } from '../../src/keras/layers/global-pooling2d.js';
import { Input } from '../../src/keras/layers/input.js';
import { Layer } from '../../src/keras/layers/layer.js';
import { MaxPooling2D } from '../../src/keras/layers/pooling2d.js';
import { ReLU } from '../../src/keras/layers/relu.js';
import { Rescaling } from '../../src/keras/layers/rescaling.js';
import { Reshape } from '../../src/keras/layers/reshape.js';
import { Softmax } from '../../src/keras/layers/softmax.js';
import { ZeroPadding2D } from '../../src/keras/layers/zero-padding2d.js';
import { Functional } from '../../src/keras/models/functional.js';
import { Sequential } from '../../src/keras/models/sequential.js';
import { clearSession } from '../../src/keras/naming.js';
import { PolynomialDecay } from '../../src/keras/optimizers/index.js';
import { RMSprop } from '../../src/keras/optimizers/rmsprop.js';
import { formatSummary, type SummaryOptions } from '../../src/keras/summary.js';
import type { Shape } from '../../src/keras/symbolic-shape.js';

/** Options under Python's names, as they come from JSON. */
export type PythonOptions = Record<string, unknown>;

/** Which models are summed up, and how. */
export const requests: [keyof typeof models, PythonOptions][] = [
  ['head', {}],
  ['head', { line_length: 40 }],
  ['head', { line_length: 120 }],
  ['head', { columns: 120 }],
  ['head', { columns: 50, show_trainable: true }],
  ['head', { line_length: 13 }],
  ['head', { positions: [0.3, 0.5, 1] }],
  ['head', { positions: [0.3, 0.5, 0.975] }],
  ['head', { layer_range: ['dense', 'batch'] }],
  ['head', { layer_range: ['prob', 'dense'] }],
  ['head', { layer_range: ['conv', 'dense'] }],
  ['partly_frozen', { show_trainable: true }],
  ['sequential', {}],
  ['compiled', {}],
  ['tiny', {}],
  ['scheduled', {}],
  ['unbuilt', {}],
  ['holding_a_built_one', {}],
  ['of_layers_without_weights', {}],
  ['built_late', { show_trainable: true }],
  ['two_inputs', {}],
  ['two_inputs', { show_trainable: true, columns: 200 }],
  ['shared', {}],
  ['late_input', {}],
  ['crossed', {}],
  ['shared_by_shapes', {}],
  ['residual', {}],
  ['residual', { columns: 33 }],
  ['nested_in_sequential', {}],
  ['nested_in_sequential', { expand_nested: true, show_trainable: true }],
  ['flattened', { show_trainable: true }],
  ['nested_with_two_inputs', {}],
  ['nested_with_two_inputs', { expand_nested: true }],
  ['sequential_in_sequential', { expand_nested: true }],
  ['pictures_of_any_size', {}],
];

/** The summary of the model under the names that it has in a new process. */
export async function summaryOf(name: keyof typeof models, options: PythonOptions): Promise<string> {
  clearSession();
  const model = await models[name]();
  const camelCase = Object.fromEntries(
    Object.entries(options).map(([key, value]) => [
      key.replaceAll(/_(.)/g, (_, letter) => letter.toUpperCase()),
      value,
    ]),
  );
  optimizers[name]?.build(model.trainableWeights);
  try {
    return formatSummary(model, { ...(camelCase as SummaryOptions), optimizer: optimizers[name] });
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** Joins its inputs along the last axis. */
class Concatenate extends Layer {
  static override readonly className = 'Concatenate';

  override computeOutputShape(shapes: readonly Shape[]): Shape {
    return [...shapes[0]!.slice(0, -1), shapes.reduce((sum, shape) => sum + shape.at(-1)!, 0)];
  }

  override forward(): never {
    throw new Error('Only its shape is of use here.');
  }
}

/** Adds its inputs up. */
class Add extends Layer {
  static override readonly className = 'Add';

  override forward(): never {
    throw new Error('Only its shape is of use here.');
  }
}

const mobilenet = () => MobileNet({ alpha: 0.25, weights: null, includeTop: false, inputShape: [64, 64, 3] });

function head(): Functional {
  const inputs = Input({ shape: [8] });
  let x = new Dense({ units: 16, activation: 'relu' }).apply(inputs);
  x = new BatchNormalization().apply(x);
  const outputs = new Dense({ units: 3, activation: 'softmax', name: 'probabilities' }).apply(x);
  return new Functional({ inputs, outputs });
}

function partlyFrozen(): Functional {
  const model = head();
  model.layers[1]!.trainable = false;
  return model;
}

const sequential = () =>
  new Sequential([
    Input({ shape: [1024] }),
    new Dense({ units: 512, activation: 'relu' }),
    new Dense({ units: 14 }),
  ]);

const tiny = () => new Sequential([Input({ shape: [1] }), new Dense({ units: 1 })]);

const unbuilt = () => new Sequential([new Dense({ units: 4 }), new ReLU()], { name: 'unbuilt' });

const holdingABuiltOne = () =>
  new Sequential(
    [
      new Dense({ units: 4 }),
      new Sequential([Input({ shape: [4] }), new Dense({ units: 2 })], { name: 'built' }),
    ],
    { name: 'late' },
  );

const ofLayersWithoutWeights = () =>
  new Sequential(
    [new Reshape({ targetShape: [2, 2] }), new Rescaling({ scale: 2 }), new Softmax(), new Flatten()],
    { name: 'unbuilt' },
  );

function builtLate(): Sequential {
  const model = unbuilt();
  model.build([[null, 5]]);
  return model;
}

function twoInputs(): Functional {
  const a = Input({ shape: [4], name: 'left' });
  const b = Input({ shape: [6], name: 'right' });
  const x = new Dense({ units: 3 }).apply(a);
  const y = new Dense({ units: 3 }).apply(b);
  const joined = new Concatenate().apply([x, y, b]);
  return new Functional({ inputs: [a, b], outputs: new Dense({ units: 1 }).apply(joined) });
}

function shared(): Functional {
  const inputs = Input({ shape: [4] });
  const dense = new Dense({ units: 4 });
  return new Functional({ inputs, outputs: dense.apply(dense.apply(inputs)) });
}

function sharedByShapes(): Functional {
  const [a, b] = [Input({ shape: [4] }), Input({ shape: [6] })];
  const relu = new ReLU();
  const outputs = new Concatenate().apply([relu.apply(a), relu.apply(b)]);
  return new Functional({ inputs: [a, b], outputs });
}

function lateInput(): Functional {
  const [a, b, c] = [Input({ shape: [4] }), Input({ shape: [6] }), Input({ shape: [2] })];
  const x = new Dense({ units: 2 }).apply(new ReLU().apply(a));
  return new Functional({ inputs: [a, b, c], outputs: new Concatenate().apply([b, c, x]) });
}

function crossed(): Functional {
  const [a, b] = [Input({ shape: [4] }), Input({ shape: [4] })];
  const dense = new Dense({ units: 4 });
  const left = new ReLU().apply(dense.apply(b));
  const right = dense.apply(new ReLU().apply(dense.apply(a)));
  return new Functional({ inputs: [a, b], outputs: new Concatenate().apply([left, right]) });
}

function residual(): Functional {
  const inputs = Input({ shape: [8, 8, 3] });
  let x = new Conv2D({ filters: 3, kernelSize: 3, padding: 'same' }).apply(inputs);
  x = new BatchNormalization().apply(x);
  x = new Add().apply([x, inputs]);
  const outputs = new GlobalAveragePooling2D().apply(x);
  return new Functional({ inputs, outputs, name: 'residual_with_quite_a_long_name' });
}

async function nestedInSequential(): Promise<Functional> {
  const base = await mobilenet();
  base.trainable = false;
  return new Sequential([
    base,
    new GlobalAveragePooling2D(),
    new Dense({ units: 14, activation: 'softmax' }),
  ]);
}

async function flattened(): Promise<Functional> {
  const base = await mobilenet();
  for (const layer of base.layers.slice(0, 40)) layer.trainable = false;
  const x = new GlobalAveragePooling2D().apply(base.outputTensor);
  return new Functional({ inputs: base.inputs[0]!, outputs: new Dense({ units: 2 }).apply(x) });
}

function nestedWithTwoInputs(): Functional {
  const base = head();
  const [a, b] = [Input({ shape: [8] }), Input({ shape: [8] })];
  return new Functional({ inputs: [a, b], outputs: new Add().apply([base.apply(a), base.apply(b)]) });
}

const sequentialInSequential = () =>
  new Sequential([
    Input({ shape: [1024] }),
    sequential(),
    new ReLU({ name: 'a_very_long_name_for_a_small_layer_indeed' }),
  ]);

function picturesOfAnySize(): Functional {
  const inputs = Input({ shape: [null, null, 3] });
  let x = new ZeroPadding2D({
    padding: [
      [0, 1],
      [0, 1],
    ],
  }).apply(inputs);
  x = new DepthwiseConv2D({ kernelSize: 3, strides: 2, useBias: false }).apply(x);
  return new Functional({ inputs, outputs: new MaxPooling2D().apply(x) });
}

/** The models of `test/parity/summary.py`, under the names that they have there. */
const models = {
  head,
  partly_frozen: partlyFrozen,
  sequential,
  compiled: sequential,
  tiny,
  scheduled: tiny,
  unbuilt,
  holding_a_built_one: holdingABuiltOne,
  of_layers_without_weights: ofLayersWithoutWeights,
  built_late: builtLate,
  two_inputs: twoInputs,
  shared,
  late_input: lateInput,
  crossed,
  shared_by_shapes: sharedByShapes,
  residual,
  nested_in_sequential: nestedInSequential,
  flattened,
  nested_with_two_inputs: nestedWithTwoInputs,
  sequential_in_sequential: sequentialInSequential,
  pictures_of_any_size: picturesOfAnySize,
} satisfies Record<string, () => Functional | Promise<Functional>>;

/** The optimizers of those that are compiled. */
const optimizers: { readonly [name in keyof typeof models]?: RMSprop } = {
  compiled: new RMSprop({ momentum: 0.9 }),
  tiny: new RMSprop(),
  scheduled: new RMSprop({
    learningRate: new PolynomialDecay({ initialLearningRate: 0.1, decaySteps: 100 }),
  }),
};
