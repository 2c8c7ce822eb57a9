import { ValueError } from '../../errors.js';
import type { Forward } from '../../graph/differentiable.js';
import type { Scaling } from '../../graph/preprocessing.js';
import { named } from '../../named-options.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { KerasTensor, Layer, type LayerOptions } from './layer.js';

export interface InputOptions extends LayerOptions {
  /** Without the batch: `[224, 224, 3]`. */
  shape: readonly (number | null)[];
}

/** Where a model's data comes in. Made by `Input`. */
export class InputLayer extends Layer {
  static override readonly className = 'InputLayer';
  static override readonly isBuiltAtOnce = true;
  readonly batchShape: Shape;
  /** How pictures are to be scaled, where pretrained weights ask for it. */
  expectedScaling: Scaling | null = null;

  constructor(options: InputOptions) {
    const { shape, ...others } = named(options, new.target);
    super(others);
    if (!Array.isArray(shape)) throw new ValueError('You must pass a `shape` argument.');
    this.batchShape = [null, ...shape];
    this.uses.push(new KerasTensor(this.batchShape, this, []));
    this.markBuilt();
  }

  override get input(): KerasTensor {
    return this.output;
  }

  override forward(): Forward {
    throw new Error(`The input '${this.name}' is fed, not computed.`);
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      batch_shape: this.batchShape,
      dtype: 'float32',
      sparse: false,
      ragged: false,
    };
  }
}

/** The symbolic tensor a functional model starts from: `keras.Input`. */
export const Input = (options: InputOptions): KerasTensor => new InputLayer(options).output;
