import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Parameter } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { sizeOf } from '../../graph/tensor.js';
import type { UpdateWriter } from '../../graph/training-plan.js';
import { constructorsOf, named, pythonDict, refuseOthers, type Words } from '../../named-options.js';
import { autoName, toSnakeCase } from '../naming.js';
import type { Config } from '../serialized.js';
import type { LearningRateSchedule } from './schedules/schedule.js';

export interface OptimizerOptions {
  /** A number, or a schedule that tells it for each step. Default 0.001; of SGD 0.01. */
  learningRate?: number | LearningRateSchedule;
  /** Each step first shrinks the weights by `weightDecay · learningRate`. Default `null`: none; of AdamW 0.004. */
  weightDecay?: number | null;
  /** Upper bound of each gradient's norm. Default `null`: none. */
  clipnorm?: number | null;
  /** Upper bound of each gradient's elements, in absolute value. Default `null`: none. */
  clipvalue?: number | null;
  /** Upper bound of the norm of all gradients together. Default `null`: none. */
  globalClipnorm?: number | null;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string;
}

/** Keras's words for options that an optimizer does not take. */
const unrecognized: Words = (given) => new ValueError(`Argument(s) not recognized: ${pythonDict(given)}`);

/** One weight in one step, as a rule reads it. */
export interface UpdateInput {
  weight: Value;
  gradient: Value;
  slots: readonly Value[];
  learningRate: Value;
  step: Value;
}

/**
 * Changes weights by their gradients.
 *
 * A subclass writes its rule as graph nodes (`rule`); clipping and weight decay are the same for all and stand here.
 * Source: keras.optimizers.Optimizer.
 */
export abstract class Optimizer implements UpdateWriter {
  static readonly className?: string;
  /** Keys of the configuration whose numbers are floats. */
  static readonly floats: readonly string[] = [
    'learning_rate',
    'weight_decay',
    'clipnorm',
    'global_clipnorm',
    'clipvalue',
    'ema_momentum',
  ];
  /** The names that Keras 2 has for slots. */
  static readonly formerSlots: Readonly<Record<string, string>> = {};

  readonly name: string;
  #learningRate: number | LearningRateSchedule;
  readonly weightDecay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly globalClipnorm: number | null;
  /** Steps taken. */
  iterations = 0;
  /** The weights that it changes; `null` before `build`. */
  parameters: readonly Parameter[] | null = null;
  /** The slots of each parameter, kept from one `fit` to the next. */
  readonly #slots = new Map<Parameter, Map<string, Float32Array>>();

  /** @throws ValueError when an option is not known, or two of the bounds are set */
  constructor(options: OptimizerOptions = {}) {
    const {
      learningRate = 0.001,
      weightDecay = null,
      clipnorm = null,
      clipvalue = null,
      globalClipnorm = null,
      name,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target, constructorsOf(new.target), unrecognized);
    this.name = name ?? autoName(toSnakeCase(this.className));
    if ([clipnorm, clipvalue, globalClipnorm].filter((bound) => bound !== null).length > 1)
      throw new ValueError(
        `Only one of \`clipnorm\`, \`clipvalue\` and \`global_clipnorm\` can be set. Received: clipnorm=${clipnorm ?? 'None'}, clipvalue=${clipvalue ?? 'None'}, global_clipnorm=${globalClipnorm ?? 'None'}`,
      );
    this.#learningRate = learningRate;
    this.weightDecay = weightDecay;
    this.clipnorm = clipnorm;
    this.clipvalue = clipvalue;
    this.globalClipnorm = globalClipnorm;
  }

  get className(): string {
    const type = this.constructor as typeof Optimizer;
    return type.className ?? type.name;
  }

  get built(): boolean {
    return this.parameters !== null;
  }

  /** Takes charge of these parameters, as the first step of a training does. */
  build(parameters: readonly Parameter[]): void {
    this.parameters = [...parameters];
  }

  /** The learning rate of the next step. */
  get learningRate(): number {
    return this.learningRateAt(this.iterations);
  }

  /** @throws TypeError when a schedule determines it. */
  set learningRate(rate: number) {
    if (typeof this.#learningRate !== 'number')
      throw new TypeError(
        'This optimizer was created with a `LearningRateSchedule` object as its `learningRate` constructor argument, hence its learning rate is not settable. If you need the learning rate to be settable, you should instantiate the optimizer with a float `learningRate` argument.',
      );
    this.#learningRate = rate;
  }

  /** The learning rate for a step, counted from 0. */
  learningRateAt(step: number): number {
    return typeof this.#learningRate === 'number' ? this.#learningRate : this.#learningRate.at(step);
  }

  /**
   * Names of the slots that each weight has, as Keras saves them: one group after the other, and each group weight
   * by weight.
   */
  abstract get slotGroups(): readonly (readonly string[])[];

  slots(_parameter?: Parameter): readonly string[] {
    return this.slotGroups.flat();
  }

  /**
   * The value of a slot in a step.
   *
   * @param values those of all slots, in their order
   */
  protected slotValue(values: readonly Value[], slot: string): Value {
    const value = values[this.slots().indexOf(slot)];
    if (value !== undefined) return value;
    throw new ValueError(`Expected a slot of ${this.className}. Received: '${slot}'.`);
  }

  /** The value of a slot before the first step. */
  initialSlot(parameter: Parameter, _slot: string): Float32Array {
    return new Float32Array(sizeOf(parameter.shape));
  }

  /** The value of a slot now. */
  slot(parameter: Parameter, slot: string): Float32Array {
    return this.#slots.get(parameter)?.get(slot) ?? this.initialSlot(parameter, slot);
  }

  setSlot(parameter: Parameter, slot: string, value: Float32Array): void {
    let slots = this.#slots.get(parameter);
    if (!slots) {
      slots = new Map();
      this.#slots.set(parameter, slots);
    }
    slots.set(slot, value);
  }

  /** The optimizer's own formula. */
  protected abstract rule(g: GraphBuilder, input: UpdateInput): { weight: Value; slots: readonly Value[] };

  update(g: GraphBuilder, { weight, ...input }: UpdateInput & { parameter: Parameter }) {
    if (this.weightDecay === null) return this.rule(g, { weight, ...input });
    const rate = g.op('Mul', [g.scalar(this.weightDecay), input.learningRate]);
    const decayed = g.op('Sub', [weight, g.op('Mul', [weight, rate])]);
    return this.rule(g, { weight: decayed, ...input });
  }

  prepare(g: GraphBuilder, gradients: ReadonlyMap<Parameter, Value>): ReadonlyMap<Parameter, Value> {
    const each = (clip: (gradient: Value) => Value) =>
      new Map(Array.from(gradients, ([parameter, gradient]) => [parameter, clip(gradient)] as const));
    const squares = (gradient: Value) => g.op('ReduceSumSquare', [gradient], { keepdims: 0 });
    if (this.clipvalue !== null) {
      const bound = this.clipvalue;
      return each((gradient) => g.op('Clip', [gradient, g.scalar(-bound), g.scalar(bound)]));
    }
    // gradient · bound / max(norm, bound)
    const scale = (norm: Value, bound: number) =>
      g.op('Div', [g.scalar(bound), g.op('Max', [norm, g.scalar(bound)])]);
    if (this.clipnorm !== null) {
      const bound = this.clipnorm;
      return each((gradient) => g.op('Mul', [gradient, scale(g.op('Sqrt', [squares(gradient)]), bound)]));
    }
    if (this.globalClipnorm !== null) {
      const total = Array.from(gradients.values(), squares).reduce((sum, square) =>
        g.op('Add', [sum, square]),
      );
      const factor = scale(g.op('Sqrt', [total]), this.globalClipnorm);
      return each((gradient) => g.op('Mul', [gradient, factor]));
    }
    return gradients;
  }

  /** The configuration under Python's keys. */
  getConfig(): Config {
    const learningRate = this.#learningRate;
    return {
      name: this.name,
      // Keras holds the rate in single precision, and shows it so.
      learning_rate: typeof learningRate === 'number' ? Math.fround(learningRate) : learningRate.serialize(),
      weight_decay: this.weightDecay,
      clipnorm: this.clipnorm,
      global_clipnorm: this.globalClipnorm,
      clipvalue: this.clipvalue,
      use_ema: false,
      ema_momentum: 0.99,
      ema_overwrite_frequency: null,
      loss_scale_factor: null,
      gradient_accumulation_steps: null,
    };
  }
}
