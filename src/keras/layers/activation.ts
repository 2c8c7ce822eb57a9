import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { elementWise } from '../../graph/layout.js';
import { named } from '../../named-options.js';
import {
  type Activation as ActivationFunction,
  type ActivationName,
  getActivation,
  softmax,
} from '../activations.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { axisInGraph } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface ActivationOptions extends LayerOptions {
  /** A name of Keras's, or a function of one's own. `null` is `'linear'`. */
  activation: ActivationName | ActivationFunction | null;
}

/**
 * Applies an activation function.
 *
 * Source: keras.layers.Activation.
 */
export class Activation extends Layer {
  static override readonly className = 'Activation';
  static override readonly fields: Fields = { activation: 'activation' };
  static override readonly isBuiltAtOnce = true;

  readonly activation: ActivationFunction;

  constructor(options: ActivationOptions) {
    const { activation, ...others } = named(options, new.target);
    super(others);
    this.activation = getActivation(activation);
  }

  override forward(context: Context, [x]: PerInput<Value>, [inputShape]: PerInput<Shape>): Forward {
    return writeActivation(context, this.activation, x, inputShape);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), activation: this.activation.name };
  }
}

/**
 * An activation as a layer of its own.
 *
 * @param axis along which a softmax goes, as Keras counts axes
 */
export function writeActivation(
  { g }: Context,
  activation: ActivationFunction,
  input: Value,
  shape: Shape,
  axis = -1,
): Forward {
  const { name } = activation;
  const rank = shape.length;
  if (axis >= rank || axis < -rank)
    throw new ValueError(`Expected an axis of ${pythonTuple(shape)}. Received: axis=${axis}.`);
  const last = axis === -1 || axis === rank - 1;
  const f = name === 'softmax' ? softmax(axisInGraph((axis + rank) % rank, rank)) : activation;
  // A softmax goes along an axis, and stays where that was counted.
  const whole = (values: readonly Value[], write: (values: readonly Value[]) => Value) =>
    name === 'softmax' ? write(values) : elementWise(g, values, write);
  const output = whole([input], ([x = input]) => f.forward(g, x));
  return {
    output,
    backward: (dOutput) => ({
      inputs: [
        whole([dOutput, input, output], ([dy = dOutput, x = input, y = output]) =>
          f.backward(g, dy, { x, y }),
        ),
      ],
    }),
    ...(last && (name === 'softmax' || name === 'sigmoid')
      ? { logits: { activation: name, value: input, backward: (dx) => ({ inputs: [dx] }) } }
      : {}),
  };
}
