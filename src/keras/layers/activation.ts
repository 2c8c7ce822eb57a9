import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { type Activation as ActivationFunction, type ActivationName, getActivation } from '../activations.js';
import { type Config, Layer, type LayerOptions, type Shape } from './layer.js';

export interface ActivationOptions extends LayerOptions {
  activation: ActivationName | ActivationFunction | null;
}

/**
 * Applies an activation function.
 *
 * Source: keras.layers.Activation.
 */
export class Activation extends Layer {
  static override readonly className = 'Activation';

  readonly activation: ActivationFunction;

  constructor({ activation, ...options }: ActivationOptions) {
    super(options);
    this.activation = getActivation(activation);
  }

  override forward({ g }: Context, [x]: readonly Value[], [inputShape]: readonly Shape[]): Forward {
    const { activation } = this;
    // Softmax goes along the last axis, and images flow channels first.
    const turns = activation.name === 'softmax' && inputShape!.length === 4;
    const turned = (value: Value, perm: number[]) => (turns ? g.op('Transpose', [value], { perm }) : value);
    const channelsLast = (value: Value) => turned(value, [0, 2, 3, 1]);
    const channelsFirst = (value: Value) => turned(value, [0, 3, 1, 2]);

    const z = channelsLast(x!);
    const y = activation.forward(g, z);
    const { name } = activation;
    const backward = (dz: Value) => ({ inputs: [channelsFirst(dz)] });
    return {
      output: channelsFirst(y),
      backward: (dy) => backward(activation.backward(g, channelsLast(dy), { x: z, y })),
      ...(!turns && (name === 'softmax' || name === 'sigmoid')
        ? { logits: { activation: name, value: z, backward } }
        : {}),
    };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), activation: this.activation.name };
  }
}
