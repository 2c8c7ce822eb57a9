/**
 * Training as ONNX graphs: one `Loop` over the batches of an epoch, with weights and optimizer slots as state that
 * is carried from batch to batch, so that nothing crosses into JavaScript in between.
 *
 * Axes: N samples, B samples of a batch, S steps, K sums.
 */
import { GraphBuilder } from './builder.js';
import type { Parameter } from './differentiable.js';
import type { Graph, Model, Value } from './graph.js';
import { inferenceContext } from './inference.js';
import { noiseSource } from './noise.js';
import { prune } from './prune.js';
import { takeShortcuts } from './shortcuts.js';
import { type PlannedWeights, slotName, sumCount, type TrainingPlan, weightNames } from './training-plan.js';
import { entry, writeLoss, writeStep, writeSums } from './training-step.js';

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
  const carry = (name: string, shape: readonly number[], initial: Value) =>
    carried.push({ name, shape, initial });
  for (const parameter of [...plan.trained, ...plan.updated])
    carry(nameOf(parameter), parameter.shape, nameOf(parameter));
  for (const parameter of plan.trained)
    for (const slot of plan.optimizer.slots(parameter)) {
      const name = slotName(nameOf(parameter), slot);
      const shape = plan.optimizer.slotShape?.(parameter, slot) ?? parameter.shape;
      carry(name, shape, g.input(name, 'float32', shape));
    }

  const body = g.subgraph('batch');
  takeShortcuts(body);
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

  body.result(condition, 'bool', []);
  for (const { name, shape } of carried) body.result(entry(next.state, name), 'float32', shape);
  body.result(next.sums, 'float32', [sumCount(plan)]);

  const results = carried.map(({ name, shape }) => ({ name: g.unique(`${name}.out`), shape }));
  const sums = g.unique('sums');
  g.add({
    op: 'Loop',
    name: g.unique('batches'),
    inputs: [steps, '', ...carried.map(({ initial }) => initial)],
    outputs: [...results.map(({ name }) => name), sums],
    attributes: { body: { graph: pruned(body.build()) } },
  });
  for (const { name, shape } of results) g.output(name, name, 'float32', shape);
  g.output(sums, sums, 'float32', ['S', sumCount(plan)]);
  return { graph: g.build(), opset: 13 };
}

/** Without what shortcuts went past. */
const pruned = (graph: Graph): Graph =>
  prune(
    graph,
    graph.outputs.map(({ name }) => name),
  );

/** The graph that evaluates: inputs as above without those of the optimizer; output `sums` (K) over all samples. */
export function evaluationGraph(plan: TrainingPlan): Model {
  const g = new GraphBuilder('evaluation');
  const data = dataInputs(g, plan);
  const weights = weightInputs(g, plan);
  const weight = (parameter: Parameter) => entry(weights, parameter);
  const prediction = plan.forward(inferenceContext(g, weight), data.inputs);
  const { loss } = writeLoss(g, plan, { ...data, prediction });
  const sums = writeSums(g, plan, { loss, ...data, prediction, weight });
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

const weightInputs = (g: GraphBuilder, plan: PlannedWeights) =>
  new Map(
    Array.from(weightNames(plan), ([parameter, name]) => [
      parameter,
      g.input(name, 'float32', parameter.shape),
    ]),
  );
