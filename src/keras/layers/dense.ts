import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Context, Forward, Gradients } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { named } from '../../named-options.js';
import { type Activation, type ActivationName, getActivation } from '../activations.js';
import { type Constraint, type ConstraintName, getConstraint } from '../constraints.js';
import { getInitializer, type Initializer, type InitializerName } from '../initializers.js';
import { pythonTuple } from '../python/format.js';
import { getRegularizer, type Regularizer, type RegularizerName } from '../regularizers.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { Variable } from '../variable.js';
import { toChannelsFirst, toChannelsLast } from './channels.js';
import type { InputSpec } from './input-spec.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface DenseOptions extends LayerOptions {
  /** Outputs. */
  units: number;
  /** Applied to the output. Default `null`: none. */
  activation?: ActivationName | Activation | null;
  /** Default `true`. */
  useBias?: boolean;
  /** Default `'glorot_uniform'`. */
  kernelInitializer?: InitializerName | Initializer;
  /** Default `'zeros'`. */
  biasInitializer?: InitializerName | Initializer;
  /** Penalty on the kernel, added to the loss. Default `null`: none. */
  kernelRegularizer?: RegularizerName | Regularizer | null;
  /** Penalty on the bias, added to the loss. Default `null`: none. */
  biasRegularizer?: RegularizerName | Regularizer | null;
  /** Condition on the kernel, met after each step. Default `null`: none. */
  kernelConstraint?: ConstraintName | Constraint | null;
  /** Condition on the bias, met after each step. Default `null`: none. */
  biasConstraint?: ConstraintName | Constraint | null;
}

const transposed = (g: GraphBuilder, matrix: Value): Value => g.op('Transpose', [matrix], { perm: [1, 0] });

/**
 * A fully connected layer: `activation(x · kernel + bias)`.
 *
 * Shapes: x (N, …, D), kernel (D, units), bias (units), output (N, …, units).
 *
 * @example
 * const y = new Dense({ units: 512, activation: 'relu' }).apply(x);
 *
 * Source: keras.layers.Dense.
 */
export class Dense extends Layer {
  static override readonly className = 'Dense';
  static override readonly fields: Fields = {
    units: 'number',
    activation: 'activation',
    use_bias: 'flag',
    kernel_initializer: 'initializer',
    bias_initializer: 'initializer',
    kernel_regularizer: 'regularizer',
    bias_regularizer: 'regularizer',
    kernel_constraint: 'constraint',
    bias_constraint: 'constraint',
  };
  static override readonly newFields = ['quantization_config'];

  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer: Regularizer | null;
  readonly biasRegularizer: Regularizer | null;
  readonly kernelConstraint: Constraint | null;
  readonly biasConstraint: Constraint | null;
  /** The size of the last axis of the input. */
  #depth!: number;
  #kernel!: Variable;
  #bias?: Variable;

  constructor(options: DenseOptions) {
    const {
      units,
      activation = null,
      useBias = true,
      kernelInitializer = 'glorot_uniform',
      biasInitializer = 'zeros',
      kernelRegularizer = null,
      biasRegularizer = null,
      kernelConstraint = null,
      biasConstraint = null,
      ...others
    } = named(options, new.target);
    super(others);
    if (!Number.isInteger(units) || units <= 0)
      throw new ValueError(
        `Received an invalid value for \`units\`, expected a positive integer. Received: units=${units}`,
      );
    this.units = units;
    this.activation = getActivation(activation);
    this.useBias = useBias;
    this.kernelInitializer = getInitializer(kernelInitializer);
    this.biasInitializer = getInitializer(biasInitializer);
    this.kernelRegularizer = getRegularizer(kernelRegularizer);
    this.biasRegularizer = getRegularizer(biasRegularizer);
    this.kernelConstraint = getConstraint(kernelConstraint);
    this.biasConstraint = getConstraint(biasConstraint);
  }

  /** The kernel (D, units), once the layer is built. */
  get kernel(): Variable | undefined {
    return this.built ? this.#kernel : undefined;
  }

  /** The bias (units), once the layer is built and if it has one. */
  get bias(): Variable | undefined {
    return this.#bias;
  }

  protected override get inputSpecs(): readonly InputSpec[] {
    return [{ minNdim: 2, axes: this.built ? { [-1]: this.#depth } : {} }];
  }

  override build([inputShape]: PerInput<Shape>): void {
    const depth = inputShape.at(-1);
    if (depth == null)
      throw new ValueError(
        `Expected a known size of the last axis for layer '${this.name}'. Received: ${pythonTuple(inputShape)}.`,
      );
    this.#depth = depth;
    this.#kernel = new Variable(
      'kernel',
      [depth, this.units],
      this.kernelInitializer.make([depth, this.units]),
      true,
      'float32',
      this.kernelConstraint,
    );
    this.weights.push(this.#kernel);
    if (!this.useBias) return;
    const bias = this.biasInitializer.make([this.units]);
    this.#bias = new Variable('bias', [this.units], bias, true, 'float32', this.biasConstraint);
    this.weights.push(this.#bias);
  }

  override get regularized(): readonly (readonly [Variable, Regularizer])[] {
    const pairs: (readonly [Variable, Regularizer])[] = [];
    if (this.kernelRegularizer) pairs.push([this.#kernel, this.kernelRegularizer]);
    if (this.#bias && this.biasRegularizer) pairs.push([this.#bias, this.biasRegularizer]);
    return pairs;
  }

  override computeOutputShape([inputShape]: PerInput<Shape>): Shape {
    return [...inputShape.slice(0, -1), this.units];
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    const rank = inputShape.length;
    if (rank === 2) return this.#forwardRows(context, x);

    // Every position is a row of its own.
    const { g } = context;
    const last = toChannelsLast(g, x, rank);
    const shape = g.op('Shape', [last]);
    const rows = this.#forwardRows(context, g.op('Reshape', [last, g.ints(-1, this.#depth)]));
    const outputShape = g.op('Concat', [g.op('Slice', [shape, g.ints(0), g.ints(-1)]), g.ints(this.units)], {
      axis: 0,
    });
    const whole = (value: Value) => toChannelsFirst(g, g.op('Reshape', [value, outputShape]), rank);
    const throughRows =
      (backward: NonNullable<Forward['backward']>): NonNullable<Forward['backward']> =>
      (dy, needsInput) => {
        const dRows = g.op('Reshape', [toChannelsLast(g, dy, rank), g.ints(-1, this.units)]);
        const { inputs, weights } = backward(dRows, needsInput);
        return {
          inputs: inputs.map((dx) => toChannelsFirst(g, g.op('Reshape', [dx, shape]), rank)),
          weights,
        };
      };
    return {
      output: whole(rows.output),
      backward: throughRows(rows.backward),
      ...(rows.logits
        ? {
            logits: {
              ...rows.logits,
              value: whole(rows.logits.value),
              backward: throughRows(rows.logits.backward),
            },
          }
        : {}),
    };
  }

  /** x (N, D) → (N, units) */
  #forwardRows(context: Context, x: Value): Forward & Required<Pick<Forward, 'backward'>> {
    const { g } = context;
    const kernel = context.weight(this.#kernel);
    // z (N, U) = x (N, D) · kernel (D, U) + bias (U)
    const z = g.op('Gemm', this.#bias ? [x, kernel, context.weight(this.#bias)] : [x, kernel]);
    const y = this.activation.forward(g, z);

    const backward = (dz: Value, needsInput: boolean): Gradients => {
      const weights = new Map<Variable, Value>();
      if (context.isTrained(this.#kernel)) weights.set(this.#kernel, g.op('Gemm', [x, dz], { transA: 1 }));
      if (this.#bias && context.isTrained(this.#bias))
        weights.set(this.#bias, g.op('ReduceSum', [dz, g.ints(0)], { keepdims: 0 }));
      // dx = dz · kernelᵀ, the large matrix first and as it lies: Gemm with transB takes a third longer.
      const dx = () => transposed(g, g.op('MatMul', [kernel, transposed(g, dz)]));
      return { inputs: needsInput ? [dx()] : [], weights };
    };
    const { name } = this.activation;
    return {
      output: y,
      backward: (dy, needsInput) => backward(this.activation.backward(g, dy, { x: z, y }), needsInput),
      ...(name === 'softmax' || name === 'sigmoid'
        ? { logits: { activation: name, value: z, backward } }
        : {}),
    };
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: this.activation.name,
      use_bias: this.useBias,
      kernel_initializer: this.kernelInitializer.serialize(),
      bias_initializer: this.biasInitializer.serialize(),
      kernel_regularizer: this.kernelRegularizer?.serialize() ?? null,
      bias_regularizer: this.biasRegularizer?.serialize() ?? null,
      kernel_constraint: this.kernelConstraint?.serialize() ?? null,
      bias_constraint: this.biasConstraint?.serialize() ?? null,
      quantization_config: null,
    };
  }
}
