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
  /** Whether a moving average of the weights is kept, which `fit` ends with. Default `false`. */
  useEma?: boolean;
  /** How much of the average is kept at each step. Default 0.99. */
  emaMomentum?: number;
  /** Steps after which the weights become their average. Default `null`: when `fit` ends. */
  emaOverwriteFrequency?: number | null;
  /**
   * Keras's guard for half precision: the loss is multiplied by it, and the gradients divided. Default `null`. Numbers
   * are of single precision here, where it changes nothing but their rounding: it is only kept.
   */
  lossScaleFactor?: number | null;
  /** Batches whose mean gradient makes one step. Default `null`: one. */
  gradientAccumulationSteps?: number | null;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string;
}

/** Which weights do not decay. */
export interface WeightDecayExclusion {
  /** These weights. Default: none. */
  varList?: readonly Parameter[];
  /** Those whose name has one of these regular expressions in it: `['bias']`. Default: none. */
  varNames?: readonly string[];
}

/** Keras's words for options that an optimizer does not take. */
const unrecognized: Words = (given) => new ValueError(`Argument(s) not recognized: ${pythonDict(given)}`);

/** One weight in one step, as a rule reads it. */
export interface UpdateInput {
  parameter: Parameter;
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
  readonly useEma: boolean;
  readonly emaMomentum: number;
  readonly emaOverwriteFrequency: number | null;
  readonly lossScaleFactor: number | null;
  readonly gradientAccumulationSteps: number | null;
  /** Batches seen: as many as steps, or with `gradientAccumulationSteps` that many times as many. */
  batches = 0;
  #excluded: (parameter: Parameter) => boolean = () => false;
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
      useEma = false,
      emaMomentum = 0.99,
      emaOverwriteFrequency = null,
      lossScaleFactor = null,
      gradientAccumulationSteps = null,
      name,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target, constructorsOf(new.target), unrecognized);
    this.name = name ?? autoName(toSnakeCase(this.className));
    if ([clipnorm, clipvalue, globalClipnorm].filter((bound) => bound !== null).length > 1)
      throw new ValueError(
        `Only one of \`clipnorm\`, \`clipvalue\` and \`global_clipnorm\` can be set. Received: clipnorm=${clipnorm ?? 'None'}, clipvalue=${clipvalue ?? 'None'}, global_clipnorm=${globalClipnorm ?? 'None'}`,
      );
    if (gradientAccumulationSteps !== null && !(gradientAccumulationSteps >= 2))
      throw new ValueError(
        `\`gradient_accumulation_steps\` must be an integer >= 2. Received: gradient_accumulation_steps=${gradientAccumulationSteps}`,
      );
    if (useEma && !(emaMomentum >= 0 && emaMomentum <= 1))
      throw new ValueError(
        `\`ema_momentum\` must be in the range [0, 1]. Received: ema_momentum=${emaMomentum}`,
      );
    const every = emaOverwriteFrequency;
    if (useEma && every !== null && !(Number.isInteger(every) && every >= 1))
      throw new ValueError(
        `\`ema_overwrite_frequency\` must be an integer >= 1 or None. Received: ema_overwrite_frequency=${every}`,
      );
    this.#learningRate = learningRate;
    this.useEma = useEma;
    this.emaMomentum = emaMomentum;
    this.emaOverwriteFrequency = emaOverwriteFrequency;
    this.lossScaleFactor = lossScaleFactor;
    this.gradientAccumulationSteps = gradientAccumulationSteps;
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

  /** Steps taken. */
  get iterations(): number {
    return Math.floor(this.batches / (this.gradientAccumulationSteps ?? 1));
  }

  set iterations(steps: number) {
    this.batches = steps * (this.gradientAccumulationSteps ?? 1);
  }

  /**
   * Leaves weights out of `weightDecay`.
   *
   * @throws ValueError once the optimizer has taken charge of weights
   */
  excludeFromWeightDecay(options: WeightDecayExclusion = {}): void {
    const { varList = [], varNames = [], ...others } = named(options, 'excludeFromWeightDecay');
    refuseOthers(others, 'excludeFromWeightDecay', (probe) => this.excludeFromWeightDecay(probe));
    if (this.built)
      throw new ValueError(
        '`exclude_from_weight_decay()` can only be configured before the optimizer is built.',
      );
    const pattern = varNames.length > 0 ? new RegExp(varNames.join('|')) : null;
    this.#excluded = (parameter) => varList.includes(parameter) || pattern?.test(parameter.name) === true;
  }

  /** Takes charge of these parameters, as the first step of a training does. */
  build(parameters: readonly Parameter[]): void {
    this.parameters = [...parameters];
  }

  /** The learning rate of the next step. */
  get learningRate(): number {
    return this.learningRateAt(this.batches);
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

  /** Names of the slots that the rule keeps for each weight: those of a group weight by weight. */
  abstract get slotGroups(): readonly (readonly string[])[];

  /** Slots that every optimizer may have. */
  get #commonGroups(): readonly (readonly string[])[] {
    return [
      ...(this.useEma ? [['average']] : []),
      ...(this.gradientAccumulationSteps === null ? [] : [['gradient_accumulator']]),
    ];
  }

  /** All slots, as Keras saves them: one group after the other, and each group weight by weight. */
  get allSlotGroups(): readonly (readonly string[])[] {
    return [...this.#commonGroups, ...this.slotGroups];
  }

  slots(_parameter?: Parameter): readonly string[] {
    return this.allSlotGroups.flat();
  }

  /** Numbers that it keeps besides slots, which follow those in files and are known from the steps taken. */
  get extraValues(): readonly { readonly name: string; readonly value: number }[] {
    return [];
  }

  /**
   * The value of a slot in a step.
   *
   * @param values those of the rule's slots, in their order
   */
  protected slotValue(values: readonly Value[], slot: string): Value {
    const value = values[this.slotGroups.flat().indexOf(slot)];
    if (value !== undefined) return value;
    throw new ValueError(`Expected a slot of ${this.className}. Received: '${slot}'.`);
  }

  slotShape(parameter: Parameter, _slot: string): readonly number[] {
    return parameter.shape;
  }

  /** The value of a slot before the first step. */
  initialSlot(parameter: Parameter, slot: string): Float32Array {
    return new Float32Array(sizeOf(this.slotShape(parameter, slot)));
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

  update(g: GraphBuilder, input: UpdateInput & { summedGradient: Value }) {
    const { parameter, weight, slots: values, learningRate, summedGradient } = input;
    const common = this.#commonGroups.flat();
    const [commonValues, own] = [values.slice(0, common.length), values.slice(common.length)];
    const { step, isDue } = this.#stepOf(g, input.step);
    const where = (now: Value, otherwise: Value) =>
      isDue === undefined ? now : g.op('Where', [isDue, now, otherwise]);

    const decays = this.weightDecay !== null && !this.#excluded(parameter);
    const decayed = decays ? this.#decay(g, weight, learningRate) : weight;
    const ruled = this.rule(g, { ...input, weight: decayed, slots: own, step });
    let next = where(ruled.weight, weight);
    const slots = ruled.slots.map((value, k) => where(value, own[k] ?? value));
    const commonNext = common.map((slot, k) => {
      if (slot === 'gradient_accumulator') return where(g.scalar(0), summedGradient);
      const average = this.#average(g, { average: commonValues[k] ?? next, weight: next, step });
      if (this.emaOverwriteFrequency !== null) {
        const rest = g.op('Mod', [step, g.scalar(this.emaOverwriteFrequency)], { fmod: 1 });
        next = g.op('Where', [g.op('Equal', [rest, g.scalar(0)]), average, next]);
      }
      return average;
    });
    return { weight: next, slots: [...commonNext, ...slots] };
  }

  /** The step that a batch is part of, counted from 1, and whether it completes the step. */
  #stepOf(g: GraphBuilder, batch: Value): { step: Value; isDue?: Value } {
    const count = this.gradientAccumulationSteps;
    if (count === null) return { step: batch };
    const modulo = (value: Value) => g.op('Mod', [value, g.scalar(count)], { fmod: 1 });
    const before = g.op('Sub', [batch, g.scalar(1)]);
    const whole = g.op('Div', [g.op('Sub', [before, modulo(before)]), g.scalar(count)]);
    return {
      step: g.op('Add', [whole, g.scalar(1)]),
      isDue: g.op('Equal', [modulo(batch), g.scalar(0)]),
    };
  }

  #decay(g: GraphBuilder, weight: Value, learningRate: Value): Value {
    const rate = g.op('Mul', [g.scalar(this.weightDecay ?? 0), learningRate]);
    return g.op('Sub', [weight, g.op('Mul', [weight, rate])]);
  }

  /** momentum·average + (1 − momentum)·weight, and in the first step the weight itself. */
  #average(g: GraphBuilder, at: { average: Value; weight: Value; step: Value }): Value {
    const isLater = g.cast(g.op('Greater', [at.step, g.scalar(1)]), 'float32');
    const momentum = g.op('Mul', [isLater, g.scalar(this.emaMomentum)]);
    const rest = g.op('Sub', [g.scalar(1), momentum]);
    return g.op('Add', [g.op('Mul', [momentum, at.average]), g.op('Mul', [rest, at.weight])]);
  }

  /** The gradients of all batches of a step, added up: those of one batch and what came before. */
  accumulate(
    g: GraphBuilder,
    gradients: ReadonlyMap<Parameter, Value>,
    slot: (parameter: Parameter, slot: string) => Value,
  ): ReadonlyMap<Parameter, Value> {
    if (this.gradientAccumulationSteps === null) return gradients;
    return new Map(
      Array.from(gradients, ([parameter, gradient]) => [
        parameter,
        g.op('Add', [gradient, slot(parameter, 'gradient_accumulator')]),
      ]),
    );
  }

  /** With `useEma`, the weights become their average, as at the end of `fit`. */
  finalizeVariableValues(parameters: readonly Parameter[]): void {
    if (!this.useEma || this.batches === 0) return;
    for (const parameter of parameters) parameter.assign(this.slot(parameter, 'average'));
  }

  prepare(g: GraphBuilder, summed: ReadonlyMap<Parameter, Value>): ReadonlyMap<Parameter, Value> {
    const count = this.gradientAccumulationSteps;
    const gradients =
      count === null
        ? summed
        : new Map(
            Array.from(
              summed,
              ([parameter, sum]) => [parameter, g.op('Div', [sum, g.scalar(count)])] as const,
            ),
          );
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
      use_ema: this.useEma,
      ema_momentum: this.emaMomentum,
      ema_overwrite_frequency: this.emaOverwriteFrequency,
      loss_scale_factor: this.lossScaleFactor,
      gradient_accumulation_steps: this.gradientAccumulationSteps,
    };
  }
}
