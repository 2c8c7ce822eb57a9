/**
 * Training as ONNX graphs: one `Loop` over the batches of an epoch, with weights and optimizer slots as state that
 * is carried from batch to batch, so that nothing crosses into JavaScript in between.
 *
 * Axes: N samples, B samples of a batch, S steps, K sums.
 */

import { GraphBuilder } from './builder.js';
import type { Context, Forward, Gradients, Logits, Parameter } from './differentiable.js';
import type { Dim, Model, Value } from './graph.js';
import { inferenceContext } from './inference.js';
import { noiseSource } from './noise.js';
import { zeros } from './tensor.js';

/** A model's output (B, C), and its logits where they are known. */
export interface Prediction {
  readonly output: Value;
  readonly logits?: Logits;
}

/** A loss: one number a sample, and how it changes with the prediction. */
export interface LossWriter {
  /** Losses (B) of predictions (B, C) against targets. */
  forward(
    g: GraphBuilder,
    target: Value,
    prediction: Prediction,
  ): {
    losses: Value;
    /**
     * From the gradient with respect to each loss (B, 1) to that of the prediction: of its output, or, where
     * activation and loss are one formula, of its logits.
     */
    backward(dLosses: Value): { dOutput: Value } | { dLogits: Value };
  };
}

/** A metric as sums over samples: a vector of fixed length for each batch, whose total yields the metric. */
export interface MetricWriter {
  readonly name?: string;
  readonly sums: number;
  /** @returns float32 (sums) */
  forward(g: GraphBuilder, target: Value, prediction: Prediction): Value;
}

/** An optimizer: how a gradient changes a weight and the slots kept for it. */
export interface UpdateWriter {
  /** Names of the slots of a parameter, each a tensor of the parameter's shape. */
  slots(parameter: Parameter): readonly string[];
  /** Once for every step, over all gradients: clipping by a norm. */
  prepare?(g: GraphBuilder, gradients: ReadonlyMap<Parameter, Value>): ReadonlyMap<Parameter, Value>;
  update(
    g: GraphBuilder,
    at: {
      parameter: Parameter;
      weight: Value;
      gradient: Value;
      slots: readonly Value[];
      /** Scalar. */
      learningRate: Value;
      /** Steps taken so far, this one included: a float scalar, 1 in the first step. */
      step: Value;
    },
  ): { weight: Value; slots: readonly Value[] };
}

/** A model, its weights, and how they are trained. */
export interface TrainingPlan {
  /** Shapes of the inputs without the batch. */
  readonly inputShapes: readonly (readonly Dim[])[];
  /** Shape of the targets without the batch. */
  readonly targetShape: readonly Dim[];
  /** Whether samples carry weights. */
  readonly weighted: boolean;
  forward(context: Context, inputs: readonly Value[]): Forward;
  /** Weights that the optimizer changes. */
  readonly trained: readonly Parameter[];
  /** Weights that the forward pass changes, like moving averages. */
  readonly updated: readonly Parameter[];
  /** Weights that stay. */
  readonly frozen: readonly Parameter[];
  /** Names of weights in the graphs: `dense/kernel`. Default: their own. */
  readonly paths?: ReadonlyMap<Parameter, string>;
  readonly loss: LossWriter;
  readonly metrics: readonly MetricWriter[];
  readonly optimizer: UpdateWriter;
  /** Adds penalties to the loss and to its gradients. */
  readonly penalties: readonly {
    readonly parameter: Parameter;
    penalty(g: GraphBuilder, weight: Value): Value;
    addGradient(g: GraphBuilder, weight: Value, gradient: Value): Value;
  }[];
}

type Weights = Pick<TrainingPlan, 'trained' | 'updated' | 'frozen' | 'paths'>;

/** Names of the graphs' inputs that hold weights: their paths, with a number where two have the same. */
export function weightNames({ trained, updated, frozen, paths }: Weights): Map<Parameter, string> {
  const names = new Map<Parameter, string>();
  const taken = new Set<string>();
  for (const parameter of [...trained, ...updated, ...frozen]) {
    const path = paths?.get(parameter) ?? parameter.name;
    let name = path;
    for (let count = 1; taken.has(name); count++) name = `${path}_${count}`;
    taken.add(name);
    names.set(parameter, name);
  }
  return names;
}

/** The name of the input that holds a slot of the weight that is called `weight`. */
export const slotName = (weight: string, slot: string): string => `${weight}.${slot}`;

/** The number of sums a step reports: the loss, then every metric's. */
const sumCount = ({ metrics }: Pick<TrainingPlan, 'metrics'>): number =>
  metrics.reduce((count, metric) => count + metric.sums, 1);

/**
 * The graph that trains on a run of batches.
 *
 * Inputs: `x_0`, `x_1`, … (N, …), `y` (N, …) and, if weighted, `sample_weight` (N); `order` int64 (M), the samples
 * of this run in the order of their use; `batch_size` int64 (1); `steps` int64 scalar, ⌈M / batch_size⌉;
 * `learning_rate` float32 (S); `iterations` int64 (1), steps taken before; `seed` int64 (1); every weight and slot.
 *
 * Outputs: the weights and slots that changed, and `sums` (S, K): for each step the sum over its samples of the
 * weighted loss, then of each metric.
 */
export function trainingGraph(plan: TrainingPlan): Model {
  const g = new GraphBuilder('training');
  const data = dataInputs(g, plan);
  const order = g.input('order', 'int64', ['M']);
  const batchSize = g.input('batch_size', 'int64', [1]);
  const steps = g.input('steps', 'int64', []);
  const learningRates = g.input('learning_rate', 'float32', ['S']);
  const iterations = g.input('iterations', 'int64', [1]);
  const seed = g.input('seed', 'int64', [1]);
  const weights = weightInputs(g, plan);
  const nameOf = (parameter: Parameter) => entry(weights, parameter);

  /** Weights and slots that are carried from batch to batch, by the names they go by outside. */
  const carried: { name: string; shape: readonly number[]; initial: Value }[] = [];
  const carry = (name: string, { shape }: Parameter, initial: Value) =>
    carried.push({ name, shape, initial });
  for (const parameter of [...plan.trained, ...plan.updated])
    carry(nameOf(parameter), parameter, nameOf(parameter));
  for (const parameter of plan.trained)
    for (const slot of plan.optimizer.slots(parameter)) {
      const name = slotName(nameOf(parameter), slot);
      carry(name, parameter, g.input(name, 'float32', parameter.shape));
    }

  const body = g.subgraph('batch');
  const index = body.input('index', 'int64', []);
  const condition = body.input('go_on', 'bool', []);
  const state = new Map(carried.map(({ name, shape }) => [name, body.input(`${name}.in`, 'float32', shape)]));
  const position = body.scope('batch', () => body.op('Unsqueeze', [index, body.ints(0)]));
  const samples = body.scope('batch/samples', () => {
    const start = body.op('Mul', [position, batchSize]);
    return body.op('Slice', [order, start, body.op('Add', [start, batchSize])]);
  });
  const batch = (value: Value) => body.scope(`batch/${value}`, () => body.op('Gather', [value, samples]));
  const learningRate = body.scope('batch/learning_rate', () => body.op('Gather', [learningRates, index]));
  const [step, stepAsFloat] = body.scope('batch/step', () => {
    const number = body.op('Add', [body.op('Add', [iterations, position]), body.ints(1)]);
    return [number, body.op('Squeeze', [body.cast(number, 'float32')])] as const;
  });

  const next = writeStep(body, plan, {
    inputs: data.inputs.map(batch),
    target: batch(data.target),
    sampleWeight: data.sampleWeight && batch(data.sampleWeight),
    weight: (parameter) => state.get(nameOf(parameter)) ?? nameOf(parameter),
    names: weights,
    slot: (weight, slot) => entry(state, slotName(weight, slot)),
    learningRate,
    step: stepAsFloat,
    noise: noiseSource(body, seed, step),
  });

  body.output('go_on.out', condition, 'bool', []);
  for (const { name, shape } of carried)
    body.output(`${name}.next`, entry(next.state, name), 'float32', shape);
  body.output('step_sums', next.sums, 'float32', [sumCount(plan)]);

  const results = carried.map(({ name, shape }) => ({ name: g.unique(`${name}.out`), shape }));
  const sums = g.unique('sums');
  g.add({
    op: 'Loop',
    name: g.unique('batches'),
    inputs: [steps, '', ...carried.map(({ initial }) => initial)],
    outputs: [...results.map(({ name }) => name), sums],
    attributes: { body: { graph: body.build() } },
  });
  for (const { name, shape } of results) g.output(name, name, 'float32', shape);
  g.output(sums, sums, 'float32', ['S', sumCount(plan)]);
  return { graph: g.build(), opset: 13 };
}

/** The graph that evaluates: inputs as above without those of the optimizer; output `sums` (K) over all samples. */
export function evaluationGraph(plan: TrainingPlan): Model {
  const g = new GraphBuilder('evaluation');
  const data = dataInputs(g, plan);
  const weights = weightInputs(g, plan);
  const weight = (parameter: Parameter) => entry(weights, parameter);
  const prediction = plan.forward(inferenceContext(g, weight), data.inputs);
  const { losses } = g.scope('loss', () => plan.loss.forward(g, data.target, prediction));
  const sums = writeSums(g, plan, { losses, ...data, prediction, weight });
  g.output('sums', sums, 'float32', [sumCount(plan)]);
  return { graph: g.build(), opset: 13 };
}

function dataInputs(g: GraphBuilder, { inputShapes, targetShape, weighted }: TrainingPlan) {
  return {
    inputs: inputShapes.map((shape, i) => g.input(`x_${i}`, 'float32', ['N', ...shape])),
    target: g.input('y', 'float32', ['N', ...targetShape]),
    sampleWeight: weighted ? g.input('sample_weight', 'float32', ['N']) : undefined,
  };
}

/** The value of a key that the map must have. */
function entry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`Expected an entry for ${JSON.stringify(key)}. Received: none.`);
  return value;
}

const weightInputs = (g: GraphBuilder, plan: Weights) =>
  new Map(
    Array.from(weightNames(plan), ([parameter, name]) => [
      parameter,
      g.input(name, 'float32', parameter.shape),
    ]),
  );

interface StepValues {
  inputs: readonly Value[];
  target: Value;
  sampleWeight?: Value;
  weight: Context['weight'];
  names: ReadonlyMap<Parameter, string>;
  slot(weight: string, slot: string): Value;
  learningRate: Value;
  step: Value;
  noise: Context['noise'];
}

/** One step: forward, backward, update. */
function writeStep(g: GraphBuilder, plan: TrainingPlan, values: StepValues) {
  const { trained, optimizer } = plan;
  const { inputs, target, sampleWeight, weight, names } = values;
  const isTrained = (parameter: Parameter) => trained.includes(parameter);
  const forward = plan.forward({ g, training: true, weight, isTrained, noise: values.noise }, inputs);
  const { losses, backward } = g.scope('loss', () => plan.loss.forward(g, target, forward));

  // The loss is the mean over the batch, so each sample's loss counts 1/B, times its own weight.
  const dLosses = g.scope('loss', () => {
    const share = g.op('Reciprocal', [batchSizeOf(g, losses)]);
    return sampleWeight ? g.op('Mul', [g.op('Unsqueeze', [sampleWeight, g.ints(1)]), share]) : share;
  });
  const dPrediction = g.scope('loss', () => backward(dLosses));
  const { weights: dWeights } = writeBackward(forward, dPrediction);

  let gradients = new Map<Parameter, Value>();
  for (const parameter of trained)
    gradients.set(parameter, dWeights?.get(parameter) ?? zerosLike(g, parameter));
  for (const { parameter, addGradient } of plan.penalties) {
    const gradient = gradients.get(parameter);
    if (gradient === undefined) continue;
    const write = () => addGradient(g, weight(parameter), gradient);
    gradients.set(parameter, g.scope(`${entry(names, parameter)}/penalty`, write));
  }
  gradients = new Map(g.scope('clip', () => optimizer.prepare?.(g, gradients)) ?? gradients);

  const state = new Map<string, Value>();
  for (const parameter of trained) {
    const name = entry(names, parameter);
    const slots = optimizer.slots(parameter);
    const updated = g.scope(`${name}/update`, () =>
      optimizer.update(g, {
        parameter,
        weight: weight(parameter),
        gradient: entry(gradients, parameter),
        slots: slots.map((slot) => values.slot(name, slot)),
        learningRate: values.learningRate,
        step: values.step,
      }),
    );
    state.set(name, updated.weight);
    for (const [k, slot] of slots.entries()) {
      const value = updated.slots[k];
      if (value === undefined) throw new Error(`Expected the optimizer to update slot '${slot}' of ${name}.`);
      state.set(slotName(name, slot), value);
    }
  }
  for (const parameter of plan.updated)
    state.set(entry(names, parameter), forward.updates?.get(parameter) ?? weight(parameter));
  return { state, sums: writeSums(g, plan, { losses, target, sampleWeight, prediction: forward, weight }) };
}

function writeBackward(forward: Forward, dPrediction: { dOutput: Value } | { dLogits: Value }): Gradients {
  const gradients =
    'dLogits' in dPrediction
      ? forward.logits?.backward(dPrediction.dLogits, false)
      : forward.backward?.(dPrediction.dOutput, false);
  if (gradients) return gradients;
  throw new Error('Expected a model with a backward pass. Received: one that only predicts.');
}

/** The loss of the batch, penalties included, times its size, and every metric's sums: float32 (K). */
function writeSums(
  g: GraphBuilder,
  { metrics, penalties }: TrainingPlan,
  at: {
    losses: Value;
    target: Value;
    sampleWeight?: Value;
    prediction: Prediction;
    weight: Context['weight'];
  },
): Value {
  const loss = g.scope('loss', () => {
    const weighted = at.sampleWeight ? g.op('Mul', [at.losses, at.sampleWeight]) : at.losses;
    let total = g.op('ReduceSum', [weighted], { keepdims: 1 });
    for (const { parameter, penalty } of penalties)
      total = g.op('Add', [
        total,
        g.op('Mul', [penalty(g, at.weight(parameter)), batchSizeOf(g, at.losses)]),
      ]);
    return total;
  });
  const sums = metrics.map((metric, i) =>
    g.scope(metric.name ?? `metric_${i}`, () => metric.forward(g, at.target, at.prediction)),
  );
  return sums.length === 0 ? loss : g.scope('sums', () => g.op('Concat', [loss, ...sums], { axis: 0 }));
}

/** The number of samples in `losses` (B), as float32 (1). */
const batchSizeOf = (g: GraphBuilder, losses: Value): Value => g.cast(g.op('Shape', [losses]), 'float32');

const zerosLike = (g: GraphBuilder, { name, shape }: Parameter): Value =>
  g.initializer(`${name}/zeros`, zeros(shape));
