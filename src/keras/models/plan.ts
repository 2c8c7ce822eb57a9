import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toChannelsFirst, toChannelsLast } from '../../graph/layout.js';
import type { TrainingPlan } from '../../graph/training-plan.js';
import { KerasTensor, type Layer } from '../layers/layer.js';
import { broadcastLoss, broadcastMetric } from '../losses/broadcast.js';
import type { Loss } from '../losses/loss.js';
import { lossOfPositions, metricOfPositions } from '../losses/positions.js';
import type { Metric } from '../metrics/metric.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { pythonTuple } from '../python/format.js';
import type { Shape } from '../symbolic-shape.js';
import type { Variable } from '../variable.js';
import { Functional } from './functional.js';

/** A model cut where its frozen beginning ends. */
export interface Split {
  /** From the model's inputs to the cut; `null` where nothing is frozen. */
  readonly frozen: readonly Functional[] | null;
  /** From the cut to the model's output. */
  readonly rest: Functional;
}

/**
 * Cuts a model into a part that never changes, which needs to run only once for each sample, and the rest.
 *
 * A symbolic tensor is frozen when its layer has nothing to train and nothing random, and all it reads is frozen.
 */
export function splitFrozen(given: Functional): Split {
  const model = withoutNesting(given);
  const frozen = new Set<KerasTensor>(model.inputs);
  for (const tensor of model.tensors)
    if (!frozen.has(tensor) && isFixed(tensor.layer) && tensor.inputs.every((input) => frozen.has(input)))
      frozen.add(tensor);
  // A model that is frozen from end to end is cut before its last layer, so that a rest remains to be evaluated.
  frozen.delete(model.outputTensor);

  const cut = new Set<KerasTensor>();
  for (const tensor of model.tensors)
    if (!frozen.has(tensor)) for (const input of tensor.inputs) if (frozen.has(input)) cut.add(input);
  const inputs = [...cut];
  const { name } = model;
  if (inputs.every((tensor) => model.inputs.includes(tensor))) return { frozen: null, rest: model };
  return {
    frozen: inputs.map((tensor) => new Functional({ inputs: model.inputs, outputs: tensor, name })),
    rest: new Functional({ inputs, outputs: model.outputTensor, name }),
  };
}

/**
 * A model whose nested models that begin with frozen weights, and go on with trained ones, are replaced by their layers,
 * so that the cut can go through them.
 */
function withoutNesting(model: Functional): Functional {
  if (!model.tensors.some(({ layer }) => isCutWithin(layer))) return model;
  const expand = ({ inputs, tensors, outputTensor }: Functional, given: readonly KerasTensor[]) => {
    const made = new Map(inputs.map((input, i) => [input, given[i] ?? input]));
    for (const tensor of tensors) {
      if (made.has(tensor)) continue;
      const { shape, layer } = tensor;
      const from = tensor.inputs.map((input) => made.get(input) ?? input);
      made.set(
        tensor,
        layer instanceof Functional && isCutWithin(layer)
          ? expand(layer, from)
          : new KerasTensor(shape, layer, from),
      );
    }
    return made.get(outputTensor) ?? outputTensor;
  };
  const { inputs, name } = model;
  const outputs = expand(model, inputs);
  // Layers of different models may have one name, which one model may not.
  const layers = layersBefore(outputs, inputs);
  const names = new Set([...layers].map((layer) => layer.name));
  return names.size === layers.size ? new Functional({ inputs, outputs, name }) : model;
}

/** Whether a layer is a model of which a part with weights is frozen, and another trains. */
const isCutWithin = (layer: Layer): boolean =>
  layer instanceof Functional &&
  layer.trainable &&
  layer.trainableWeights.length > 0 &&
  layer.layers.some((inner) => (inner.weights.length > 0 && isFixed(inner)) || isCutWithin(inner));

/** Every layer that a tensor is made by. */
function layersBefore(tensor: KerasTensor, inputs: readonly KerasTensor[]): Set<Layer> {
  const seen = new Set<KerasTensor>(inputs);
  const layers = new Set(inputs.map(({ layer }) => layer));
  const visit = (at: KerasTensor) => {
    if (seen.has(at)) return;
    seen.add(at);
    layers.add(at.layer);
    at.inputs.forEach(visit);
  };
  visit(tensor);
  return layers;
}

const isFixed = (layer: Layer): boolean =>
  layer.trainableWeights.length === 0 && !layer.isRandom && updatedWeights(layer).length === 0;

/** Weights that training changes without a gradient, as it moves the averages of BatchNormalization. */
function updatedWeights(layer: Layer): Variable[] {
  if (!layer.trainable) return [];
  return layer instanceof Functional ? layer.layers.flatMap(updatedWeights) : layer.nonTrainableWeights;
}

/** Layers that a functional model computes: all but those that feed it. */
const computedLayers = (model: Functional): Layer[] => [
  ...new Set(model.tensors.filter((tensor) => !model.inputs.includes(tensor)).map(({ layer }) => layer)),
];

const withoutBatch = (shape: Shape) => shape.slice(1).map((dim, i) => dim ?? `d${i}`);

/** Writes a model whose inputs and output are as Keras has them: pictures with channels last. */
export function writeModel(model: Functional, context: Context, inputs: readonly Value[]): Forward {
  const { g } = context;
  const isPicture = ({ shape }: KerasTensor) => shape.length === 4;
  const forward = model.forward(
    context,
    inputs.map((input, i) => {
      const symbolic = model.inputs[i];
      return symbolic && isPicture(symbolic) ? toChannelsFirst(g, input) : input;
    }),
  );
  if (!isPicture(model.outputTensor)) return forward;
  const { backward, logits } = forward;
  return {
    ...forward,
    output: toChannelsLast(g, forward.output),
    logits: logits && {
      ...logits,
      value: toChannelsLast(g, logits.value),
      backward: (dLogits, needsInput) => logits.backward(toChannelsFirst(g, dLogits), needsInput),
    },
    backward: backward && ((dOutput, needsInput) => backward(toChannelsFirst(g, dOutput), needsInput)),
  };
}

/** The weights of a layer with their paths: `dense/kernel`; `body/dense/kernel` in a model that is itself a layer. */
function pathsOf(layer: Layer, outer = ''): [Variable, string][] {
  const path = `${outer}${layer.name}/`;
  if (layer instanceof Functional) return layer.layers.flatMap((inner) => pathsOf(inner, path));
  return layer.weights.map((weight) => [weight, `${path}${weight.name}`]);
}

/** The parts of a plan that prediction needs. */
function predictionPlan(model: Functional) {
  const layers = computedLayers(model);
  const trained = [...new Set(layers.flatMap((layer) => layer.trainableWeights))];
  const others = layers.flatMap((layer) => layer.nonTrainableWeights);
  const updated = [...new Set(layers.flatMap(updatedWeights))];
  return {
    inputShapes: model.inputs.map(({ shape }) => withoutBatch(shape)),
    trained,
    updated,
    frozen: others.filter((weight) => !updated.includes(weight)),
    paths: new Map(layers.flatMap((layer) => pathsOf(layer))),
    forward: (context: Context, inputs: readonly Value[]) => writeModel(model, context, inputs),
  };
}

/**
 * The dims of targets as loss and metrics take them, or `null` where the loss cannot use them.
 *
 * @throws ValueError when a metric cannot
 */
export function fitTargets(
  dims: readonly number[],
  { loss, metrics }: { loss: Loss; metrics: readonly Metric[] },
  outputShape: Shape,
): readonly number[] | null {
  const fitted = loss.fitTargets(dims, outputShape);
  const expected = loss.targetShape(outputShape);
  const metric = metrics.find(({ broadcasts }) => !broadcasts);
  if (fitted && metric && fitted.slice(1).join() !== expected.join())
    throw new ValueError(
      `Expected targets of shape ${pythonTuple([null, ...expected])} for metric '${metric.name}'. Received: ${pythonTuple([null, ...dims.slice(1)])}, which the loss '${loss.name}' broadcasts. Hint: repeat the targets, or leave the metric out.`,
    );
  return fitted;
}

/** Loss and metrics for outputs of this shape. */
function writersFor(
  { loss, metrics }: { loss: Loss; metrics: readonly Metric[] },
  shape: Shape,
): Pick<TrainingPlan, 'targetShape' | 'loss' | 'metrics'> {
  const targetShape = loss.targetShape(shape);
  const rank = shape.length;
  const ofRank = {
    loss: rank > 2 && !loss.takesPositions ? lossOfPositions(loss) : loss,
    metrics: rank > 2 ? metrics.map((metric) => metricOfPositions(metric)) : metrics,
  };
  if (!loss.broadcasts) return { targetShape, ...ofRank };
  return {
    targetShape: targetShape.map((_, axis) => `Y${axis}`),
    loss: broadcastLoss(ofRank.loss, rank),
    metrics: ofRank.metrics.map((metric, i) => (metrics[i]?.broadcasts ? broadcastMetric(metric) : metric)),
  };
}

/** The plan for training a model, from the arguments of `compile`. */
export function trainingPlan(
  model: Functional,
  compiled: { loss: Loss; metrics: readonly Metric[]; optimizer: Optimizer },
): TrainingPlan {
  const { optimizer, loss } = compiled;
  const { shape } = model.outputTensor;
  const penalised = computedLayers(model).flatMap((layer) =>
    layer.regularized.filter(([weight]) => layer.trainableWeights.includes(weight)),
  );
  if (penalised.length > 0 && (loss.reduction === null || loss.reduction === 'none'))
    throw new ValueError(
      `Expected a loss that is one number, as the model has regularizers, which add one. Received: the loss '${loss.name}' with reduction '${loss.reduction ?? 'None'}'. Hint: use reduction 'sum'.`,
    );
  return {
    ...predictionPlan(model),
    ...writersFor(compiled, shape),
    optimizer,
    penalties: penalised.map(([parameter, regularizer]) => ({
      parameter,
      penalty: (g, weight) => regularizer.penalty(g, weight),
      addGradient: (g, weight, gradient) => regularizer.addGradient(g, weight, gradient),
    })),
  };
}
