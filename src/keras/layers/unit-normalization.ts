import { ValueError } from '../../errors.js';
import type { Context, Forward } from '../../graph/differentiable.js';
import type { Value } from '../../graph/graph.js';
import { toUnitLength, unitLengthBackward } from '../../graph/unit-length.js';
import { named } from '../../named-options.js';
import { pythonTuple } from '../python/format.js';
import type { Config, Fields } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { axisInGraph } from './channels.js';
import { Layer, type LayerOptions, type PerInput } from './layer.js';

export interface UnitNormalizationOptions extends LayerOptions {
  /** Along which the squares add up to 1. Default −1, the last. */
  axis?: number;
}

/** x / ‖x‖ along an axis; zeros stay zeros. Source: keras.layers.UnitNormalization, with a single axis. */
export class UnitNormalization extends Layer {
  static override readonly className = 'UnitNormalization';
  static override readonly fields: Fields = { axis: 'axis' };
  static override readonly isBuiltAtOnce = true;

  readonly axis: number;

  constructor(options: UnitNormalizationOptions = {}) {
    const { axis = -1, ...others } = named(options, new.target);
    super(others);
    this.axis = axis;
  }

  override computeOutputShape([shape]: PerInput<Shape>): Shape {
    if (this.axis >= shape.length || this.axis < -shape.length)
      throw new ValueError(`Axis ${this.axis} is out of bounds for input shape ${pythonTuple(shape)}.`);
    return shape;
  }

  override forward({ g }: Context, [x]: PerInput<Value>, [shape]: PerInput<Shape>): Forward {
    const axis = axisInGraph((this.axis + shape.length) % shape.length, shape.length);
    const y = toUnitLength(g, x, axis);
    return { output: y, backward: (dy) => ({ inputs: [unitLengthBackward(g, { x, y, dy, axis })] }) };
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axis };
  }
}
