import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/**
 * A weight as the graph sees it: a constant when the graph predicts, state carried from batch to batch when it
 * trains.
 */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Changes the weight after each step, lest it break a condition. Default: none. */
  readonly constraint?: { write(g: GraphBuilder, weight: Value): Value } | null;
  /** The values, to be read at once and neither kept nor changed. */
  peek(): Float32Array;
  /** Copies other values into these. */
  assign(value: Float32Array): void;
}

/** The graph that an operation is written into, and its weights. */
export interface Context {
  readonly g: GraphBuilder;
  /** True while the graph trains: Dropout drops, BatchNormalization uses the batch's own statistics. */
  readonly training: boolean;
  /** The value that holds `parameter` at this point of the graph. */
  weight(parameter: Parameter): Value;
  /** Whether the loss must be differentiated with respect to this parameter. */
  isTrained(parameter: Parameter): boolean;
  /**
   * Float32 noise, uniform on [0, 1), of the shape of `like`: fresh in every batch, the same for the same seed.
   * Only while training.
   */
  noise(like: Value): Value;
}

/** Gradients of the loss: with respect to each input, and to each trained parameter. */
export interface Gradients {
  /** One for each input, in order. */
  readonly inputs: readonly Value[];
  readonly weights?: ReadonlyMap<Parameter, Value>;
}

/** An output before its activation, for losses that are computed from there. */
export interface Logits {
  readonly activation: 'softmax' | 'sigmoid';
  readonly value: Value;
  /** As `Forward.backward`, from the gradient with respect to the logits. */
  backward(dLogits: Value, needsInput: boolean): Gradients;
}

/** The result of a forward pass, with the function that writes its backward pass. */
export interface Forward {
  readonly output: Value;
  /**
   * Writes the backward pass. Forward and backward share the values that forward computed.
   *
   * @param dOutput gradient of the loss with respect to `output`, of the same shape
   * @param needsInput false when nothing trainable lies before, so that `inputs` may be left empty
   */
  readonly backward?: (dOutput: Value, needsInput: boolean) => Gradients;
  readonly logits?: Logits;
  /** New values of parameters that change without a gradient, like moving averages. */
  readonly updates?: ReadonlyMap<Parameter, Value>;
}
