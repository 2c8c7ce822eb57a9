import type { GraphBuilder } from './builder.js';
import type { Context, Forward, Gradients, Parameter } from './differentiable.js';
import type { Value } from './graph.js';
import { type ReducedLoss, reduceLosses } from './reduce-losses.js';
import { zeros } from './tensor.js';
import { type Prediction, slotName, type TrainingPlan } from './training-plan.js';

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
export function writeStep(g: GraphBuilder, plan: TrainingPlan, values: StepValues) {
  const { trained, optimizer } = plan;
  const { inputs, target, sampleWeight, weight, names } = values;
  const isTrained = (parameter: Parameter) => trained.includes(parameter);
  const forward = plan.forward({ g, training: true, weight, isTrained, noise: values.noise }, inputs);
  const { loss, backward } = writeLoss(g, plan, { target, sampleWeight, prediction: forward });
  const dPrediction = g.scope('loss', () => backward(loss.dLosses()));
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
  const slotOf = (parameter: Parameter, slot: string) => values.slot(entry(names, parameter), slot);
  const summed = g.scope('accumulate', () => optimizer.accumulate?.(g, gradients, slotOf)) ?? gradients;
  gradients = new Map(g.scope('clip', () => optimizer.prepare?.(g, summed)) ?? summed);

  const state = new Map<string, Value>();
  for (const parameter of trained) {
    const name = entry(names, parameter);
    const slots = optimizer.slots(parameter);
    const updated = g.scope(`${name}/update`, () =>
      optimizer.update(g, {
        parameter,
        weight: weight(parameter),
        gradient: entry(gradients, parameter),
        summedGradient: entry(summed, parameter),
        slots: slots.map((slot) => values.slot(name, slot)),
        learningRate: values.learningRate,
        step: values.step,
      }),
    );
    const { constraint } = parameter;
    const write = () => constraint?.write(g, updated.weight) ?? updated.weight;
    state.set(name, constraint ? g.scope(`${name}/constraint`, write) : updated.weight);
    for (const [k, slot] of slots.entries()) {
      const value = updated.slots[k];
      if (value === undefined) throw new Error(`Expected the optimizer to update slot '${slot}' of ${name}.`);
      state.set(slotName(name, slot), value);
    }
  }
  for (const parameter of plan.updated)
    state.set(entry(names, parameter), forward.updates?.get(parameter) ?? weight(parameter));
  return { state, sums: writeSums(g, plan, { loss, target, sampleWeight, prediction: forward, weight }) };
}

/** The loss of a batch, and its backward pass. */
export function writeLoss(
  g: GraphBuilder,
  plan: TrainingPlan,
  at: { target: Value; sampleWeight?: Value; prediction: Prediction },
) {
  return g.scope('loss', () => {
    const written = plan.loss.forward(g, at.target, at.prediction);
    const { reduction = 'sum_over_batch_size' } = plan.loss;
    return { loss: reduceLosses(g, written, reduction, at.sampleWeight), backward: written.backward };
  });
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
export function writeSums(
  g: GraphBuilder,
  { metrics, penalties }: TrainingPlan,
  at: {
    loss: ReducedLoss;
    target: Value;
    sampleWeight?: Value;
    prediction: Prediction;
    weight: Context['weight'];
  },
): Value {
  const loss = g.scope('loss', () => {
    let { total } = at.loss;
    for (const { parameter, penalty } of penalties)
      total = g.op('Add', [total, g.op('Mul', [penalty(g, at.weight(parameter)), at.loss.count])]);
    return total;
  });
  const sums = metrics.map((metric, i) =>
    g.scope(metric.name ?? `metric_${i}`, () =>
      metric.forward(g, at.target, at.prediction, metric.isWeighted ? at.sampleWeight : undefined),
    ),
  );
  return sums.length === 0 ? loss : g.scope('sums', () => g.op('Concat', [loss, ...sums], { axis: 0 }));
}

const zerosLike = (g: GraphBuilder, { name, shape }: Parameter): Value =>
  g.initializer(`${name}/zeros`, zeros(shape));

/** The value of a key that the map must have. */
export function entry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`Expected an entry for ${JSON.stringify(key)}. Received: none.`);
  return value;
}
