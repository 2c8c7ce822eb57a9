import { ValueError } from '../errors.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { withDefaults } from '../named-options.js';
import type { Config } from './serialized.js';

export interface RegularizerOptions {
  /** Factor of Σ|w|. Default 0. */
  l1?: number;
  /** Factor of Σw². Default 0. */
  l2?: number;
}

/** A penalty on weights, added to the loss: l1·Σ|w| + l2·Σw². Source: keras.regularizers.L1L2. */
export class Regularizer {
  readonly l1: number;
  readonly l2: number;

  constructor(
    options: RegularizerOptions = {},
    readonly className: 'L1' | 'L2' | 'L1L2' = 'L1L2',
  ) {
    const { l1, l2 } = withDefaults({ l1: 0, l2: 0 }, options, className);
    this.l1 = l1;
    this.l2 = l2;
  }

  /** The penalty, a scalar. */
  penalty(g: GraphBuilder, w: Value): Value {
    const terms = [];
    if (this.l1)
      terms.push(g.op('Mul', [g.op('ReduceSum', [g.op('Abs', [w])], { keepdims: 0 }), g.scalar(this.l1)]));
    if (this.l2)
      terms.push(g.op('Mul', [g.op('ReduceSum', [g.op('Mul', [w, w])], { keepdims: 0 }), g.scalar(this.l2)]));
    return terms.length === 0 ? g.scalar(0) : terms.reduce((sum, term) => g.op('Add', [sum, term]));
  }

  /** dWeight with the penalty's gradient added: l1·sign(w) + 2·l2·w. */
  addGradient(g: GraphBuilder, w: Value, dWeight: Value): Value {
    let sum = dWeight;
    if (this.l1) sum = g.op('Add', [sum, g.op('Mul', [g.op('Sign', [w]), g.scalar(this.l1)])]);
    if (this.l2) sum = g.op('Add', [sum, g.op('Mul', [w, g.scalar(2 * this.l2)])]);
    return sum;
  }

  serialize(): Config {
    const { className, l1, l2 } = this;
    return {
      module: 'keras.regularizers',
      class_name: className,
      // Keras holds the factor of L1 in single precision, and shows it so.
      config: { L1: { l1: Math.fround(l1) }, L2: { l2 }, L1L2: { l1, l2 } }[className],
      registered_name: null,
    };
  }
}

/** A class of regularizers, called as Keras's constructors are. */
interface RegularizerClass<Options> {
  (options?: Options): Regularizer;
  readonly className: 'L1' | 'L2' | 'L1L2';
  /** Keys of the configuration whose numbers are floats. */
  readonly floats: readonly ('l1' | 'l2')[];
}

export interface L1Options {
  /** Factor of Σ|w|. Default 0.01. */
  l1?: number;
}

export interface L2Options {
  /** Factor of Σw². Default 0.01. */
  l2?: number;
}

/** Source: keras.regularizers.L1. */
export const L1: RegularizerClass<L1Options> = Object.assign(
  (options: L1Options = {}) => new Regularizer(withDefaults({ l1: 0.01 }, options, 'L1'), 'L1'),
  { className: 'L1', floats: ['l1'] } as const,
);
/** Source: keras.regularizers.L2. */
export const L2: RegularizerClass<L2Options> = Object.assign(
  (options: L2Options = {}) => new Regularizer(withDefaults({ l2: 0.01 }, options, 'L2'), 'L2'),
  { className: 'L2', floats: ['l2'] } as const,
);
/** Source: keras.regularizers.L1L2. */
export const L1L2: RegularizerClass<RegularizerOptions> = Object.assign(
  (options?: RegularizerOptions) => new Regularizer(options),
  { className: 'L1L2', floats: ['l1', 'l2'] } as const,
);

/** Every class by its name. */
export const regularizerClasses: ReadonlyMap<string, RegularizerClass<RegularizerOptions>> = new Map(
  [L1, L2, L1L2].map((type) => [type.className, type]),
);

export type RegularizerName = 'l1' | 'l2' | 'l1l2' | 'L1' | 'L2' | 'L1L2';

/** Finds a regularizer by Keras's name, with Keras's defaults: 0.01 for one, and nothing for both. */
export function getRegularizer(identifier: RegularizerName | Regularizer | null): Regularizer | null {
  if (identifier === null || identifier instanceof Regularizer) return identifier;
  const found = regularizerClasses.get(String(identifier).toUpperCase());
  if (found) return found();
  throw new ValueError(
    `Could not interpret regularizer identifier: ${identifier}. Hint: one of l1, l2, l1l2.`,
  );
}
