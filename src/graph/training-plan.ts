import type { GraphBuilder } from './builder.js';
import type { Context, Forward, Logits, Parameter } from './differentiable.js';
import type { Dim, Value } from './graph.js';

/** A model's output (B, C), and its logits where they are known. */
export interface Prediction {
  readonly output: Value;
  readonly logits?: Logits;
}

/** How the losses of a batch become one number; `null` is `none`. Source: keras.src.losses.loss.reduce_values */
export type LossReduction = 'sum_over_batch_size' | 'mean' | 'sum' | 'mean_with_sample_weight' | 'none';

/** The losses of a batch. */
export interface WrittenLoss {
  /** One number a sample: (B). */
  readonly losses: Value;
  /** How many losses each of these is the mean of: float32 (1). Default: 1. */
  readonly positions?: Value;
  /** Whether the batch has one loss, which each sample bears. Default: no. */
  readonly isShared?: boolean;
  /**
   * From the gradient with respect to each loss, (B, 1) or one number for all, to that of the prediction: of its
   * output, or, where activation and loss are one formula, of its logits.
   */
  backward(dLosses: Value): { dOutput: Value } | { dLogits: Value };
}

/** A loss: one number a sample, and how it changes with the prediction. */
export interface LossWriter {
  /** Default: their mean. */
  readonly reduction?: LossReduction | null;
  /** Losses (B) of predictions (B, C) against targets. */
  forward(g: GraphBuilder, target: Value, prediction: Prediction): WrittenLoss;
}

/** A metric as sums over samples: a vector of fixed length for each batch, whose total yields the metric. */
export interface MetricWriter {
  readonly name?: string;
  readonly sums: number;
  /** Whether samples count by their weights, where they have any. Default: no. */
  readonly isWeighted?: boolean;
  /**
   * @param sampleWeight float32 (B), of a metric that is weighted
   * @returns float32 (sums)
   */
  forward(g: GraphBuilder, target: Value, prediction: Prediction, sampleWeight?: Value): Value;
}

/** An optimizer: how a gradient changes a weight and the slots kept for it. */
export interface UpdateWriter {
  /** Names of the slots of a parameter, each a tensor of the parameter's shape or of `slotShape`. */
  slots(parameter: Parameter): readonly string[];
  /** Shapes of slots that are not the parameter's. */
  slotShape?(parameter: Parameter, slot: string): readonly number[];
  /** Adds gradients of earlier batches, where several batches make a step. */
  accumulate?(
    g: GraphBuilder,
    gradients: ReadonlyMap<Parameter, Value>,
    slot: (parameter: Parameter, slot: string) => Value,
  ): ReadonlyMap<Parameter, Value>;
  /** Once for every step, over all gradients: clipping by a norm. */
  prepare?(g: GraphBuilder, gradients: ReadonlyMap<Parameter, Value>): ReadonlyMap<Parameter, Value>;
  update(
    g: GraphBuilder,
    at: {
      parameter: Parameter;
      weight: Value;
      gradient: Value;
      /** The sum of the gradients of the step's batches, as `accumulate` makes it. */
      summedGradient: Value;
      slots: readonly Value[];
      /** Scalar. */
      learningRate: Value;
      /** Batches so far, this one included: a float scalar, 1 in the first step. */
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
  /** Whether samples carry weights. Default: no. */
  readonly weighted?: boolean;
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

/** The weights of a plan, with their names. */
export type PlannedWeights = Pick<TrainingPlan, 'trained' | 'updated' | 'frozen' | 'paths'>;

/** Names of the graphs' inputs that hold weights: their paths, with a number where two have the same. */
export function weightNames({ trained, updated, frozen, paths }: PlannedWeights): Map<Parameter, string> {
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
export const sumCount = ({ metrics }: Pick<TrainingPlan, 'metrics'>): number =>
  metrics.reduce((count, metric) => count + metric.sums, 1);
