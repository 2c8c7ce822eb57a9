import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { classIndices } from '../../graph/one-hot.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { MeanMetric, type MetricOptions } from './metric.js';

const argMax = (g: GraphBuilder, value: Value) => g.op('ArgMax', [value], { axis: -1, keepdims: 0 });
const asFloat = (g: GraphBuilder, condition: Value) => g.cast(condition, 'float32');

/** How much is right of each sample: more is better. */
abstract class ShareOfSamples extends MeanMetric {
  override readonly direction = 'up';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
  }
}

/** How often an output is the target itself: the mean over outputs (B, C). */
export class Accuracy extends ShareOfSamples {
  static override readonly className: string = 'Accuracy';

  override get broadcasts(): boolean {
    return true;
  }

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    return g.op('ReduceMean', [asFloat(g, g.op('Equal', [target, output]))], { axes: [-1], keepdims: 0 });
  }
}

/** How often the likeliest class is the right one, targets being one-hot (B, C). */
export class CategoricalAccuracy extends ShareOfSamples {
  static override readonly className: string = 'CategoricalAccuracy';

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    return asFloat(g, g.op('Equal', [argMax(g, target), argMax(g, output)]));
  }
}

/** How often the likeliest class is the right one, targets being class indices (B, 1). */
export class SparseCategoricalAccuracy extends ShareOfSamples {
  static override readonly className: string = 'SparseCategoricalAccuracy';

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const indices = classIndices(g, target);
    return asFloat(g, g.op('Equal', [indices, argMax(g, output)]));
  }
}

export interface BinaryAccuracyOptions extends MetricOptions {
  /** Outputs above it count as 1. Default 0.5. */
  threshold?: number;
}

/** How often each output is on the target's side of the threshold: the mean over outputs (B, C). */
export class BinaryAccuracy extends ShareOfSamples {
  static override readonly className: string = 'BinaryAccuracy';
  static override readonly floats = ['threshold'];
  readonly threshold: number;

  constructor(options: BinaryAccuracyOptions = {}) {
    const { threshold = 0.5, ...others } = named(options, new.target);
    super(others);
    this.threshold = threshold;
  }

  override get broadcasts(): boolean {
    return true;
  }

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const positive = asFloat(g, g.op('Greater', [output, g.scalar(this.threshold)]));
    const right = asFloat(g, g.op('Equal', [target, positive]));
    return g.op('ReduceMean', [right], { axes: [-1], keepdims: 0 });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), threshold: this.threshold };
  }
}
