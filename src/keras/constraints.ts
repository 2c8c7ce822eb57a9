/** Conditions on weights, met after each step: `keras.constraints`. */
import { ValueError } from '../errors.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { named, refuseOthers } from '../named-options.js';
import type { Config } from './serialized.js';

/** Added to norms that divide: `keras.config.epsilon()`. */
const epsilon = 1e-7;

/** A condition on a weight. */
export abstract class Constraint {
  /** Keras's name of the class. Stated, since minifiers rename classes. */
  static readonly className: string;
  /** Keys of the configuration whose numbers are floats. */
  static readonly floats: readonly string[] = [];

  /** @throws TypeError when a subclass leaves options over that it does not know */
  constructor(others: Readonly<Record<string, never>> = {}) {
    refuseOthers(named(others, new.target), new.target);
  }

  get className(): string {
    return (this.constructor as typeof Constraint).className;
  }

  /** Writes the weight as it is to be. */
  abstract write(g: GraphBuilder, weight: Value): Value;

  getConfig(): Config {
    return {};
  }

  serialize(): Config {
    return {
      module: 'keras.constraints',
      class_name: this.className,
      config: this.getConfig(),
      registered_name: null,
    };
  }
}

export interface NormAxisOptions {
  /** The axis, or axes, along which a norm is taken. Default 0: of Dense's kernel, that of each output. */
  axis?: number | readonly number[];
}

export interface MaxNormOptions extends NormAxisOptions {
  /** Default 2. */
  maxValue?: number;
}

export interface MinMaxNormOptions extends NormAxisOptions {
  /** Default 0. */
  minValue?: number;
  /** Default 1. */
  maxValue?: number;
  /** How much of the way to the range a step goes. Default 1: all. */
  rate?: number;
}

const normOf = (g: GraphBuilder, weight: Value, axis: number | readonly number[]): Value =>
  g.op('Sqrt', [
    g.op('ReduceSum', [g.op('Mul', [weight, weight]), g.ints(...[axis].flat())], { keepdims: 1 }),
  ]);

/** weight · desired / (norm + ε) */
const withNorm = (g: GraphBuilder, weight: Value, norm: Value, desired: Value): Value =>
  g.op('Mul', [weight, g.op('Div', [desired, g.op('Add', [norm, g.scalar(epsilon)])])]);

/** Norms are at most `maxValue`. Source: keras.constraints.MaxNorm. */
export class MaxNorm extends Constraint {
  static override readonly className = 'MaxNorm';
  readonly maxValue: number;
  readonly axis: number | readonly number[];

  constructor(options: MaxNormOptions = {}) {
    const { maxValue = 2, axis = 0, ...others } = named(options, new.target);
    super(others);
    this.maxValue = maxValue;
    this.axis = axis;
  }

  override write(g: GraphBuilder, weight: Value): Value {
    const norm = normOf(g, weight, this.axis);
    return withNorm(g, weight, norm, g.op('Clip', [norm, g.scalar(0), g.scalar(this.maxValue)]));
  }

  override getConfig(): Config {
    return { max_value: this.maxValue, axis: this.axis };
  }
}

/** Weights are not negative. Source: keras.constraints.NonNeg. */
export class NonNeg extends Constraint {
  static override readonly className = 'NonNeg';

  override write(g: GraphBuilder, weight: Value): Value {
    return g.op('Max', [weight, g.scalar(0)]);
  }
}

/** Norms are 1. Source: keras.constraints.UnitNorm. */
export class UnitNorm extends Constraint {
  static override readonly className = 'UnitNorm';
  readonly axis: number | readonly number[];

  constructor(options: NormAxisOptions = {}) {
    const { axis = 0, ...others } = named(options, new.target);
    super(others);
    this.axis = axis;
  }

  override write(g: GraphBuilder, weight: Value): Value {
    const norm = g.op('Add', [normOf(g, weight, this.axis), g.scalar(epsilon)]);
    return g.op('Div', [weight, norm]);
  }

  override getConfig(): Config {
    return { axis: this.axis };
  }
}

/** Norms go to a range, at a rate. Source: keras.constraints.MinMaxNorm. */
export class MinMaxNorm extends Constraint {
  static override readonly className = 'MinMaxNorm';
  static override readonly floats = ['min_value', 'max_value', 'rate'];
  readonly minValue: number;
  readonly maxValue: number;
  readonly rate: number;
  readonly axis: number | readonly number[];

  constructor(options: MinMaxNormOptions = {}) {
    const { minValue = 0, maxValue = 1, rate = 1, axis = 0, ...others } = named(options, new.target);
    super(others);
    this.minValue = minValue;
    this.maxValue = maxValue;
    this.rate = rate;
    this.axis = axis;
  }

  override write(g: GraphBuilder, weight: Value): Value {
    const norm = normOf(g, weight, this.axis);
    const inside = g.op('Clip', [norm, g.scalar(this.minValue), g.scalar(this.maxValue)]);
    const part = (value: Value, share: number) => g.op('Mul', [value, g.scalar(share)]);
    return withNorm(g, weight, norm, g.op('Add', [part(inside, this.rate), part(norm, 1 - this.rate)]));
  }

  override getConfig(): Config {
    const { minValue, maxValue, rate, axis } = this;
    return { min_value: minValue, max_value: maxValue, rate, axis };
  }
}

/** Every class by Keras's name. */
export const constraintClasses: ReadonlyMap<string, new (options?: never) => Constraint> = new Map(
  [MaxNorm, NonNeg, UnitNorm, MinMaxNorm].map((type) => [type.className, type]),
);

export type ConstraintName =
  | ('MaxNorm' | 'NonNeg' | 'UnitNorm' | 'MinMaxNorm')
  | ('max_norm' | 'non_neg' | 'unit_norm' | 'min_max_norm');

/** Finds a constraint by Keras's name, with Keras's defaults. @throws ValueError for an unknown name */
export function getConstraint(identifier: ConstraintName | Constraint | null): Constraint | null {
  if (identifier === null || identifier instanceof Constraint) return identifier;
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  for (const [name, type] of constraintClasses)
    if (plain(name) === plain(String(identifier))) return new type();
  throw new ValueError(
    `Could not interpret constraint identifier: ${identifier}. Hint: one of ${[...constraintClasses.keys()].join(', ')}.`,
  );
}
