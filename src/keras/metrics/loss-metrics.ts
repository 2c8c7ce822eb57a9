import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import * as losses from '../losses/index.js';
import type { Config } from '../serialized.js';
import { MeanMetric, type MetricOptions } from './metric.js';

/** A loss that is watched: its mean over samples. */
abstract class LossMetric extends MeanMetric {
  static override readonly floats = ['label_smoothing'];
  override readonly direction = 'down';
  readonly loss: losses.Loss;

  constructor(loss: losses.Loss, name = loss.name) {
    super(name);
    this.loss = loss;
  }

  override get broadcasts(): boolean {
    return this.loss.broadcasts;
  }

  protected override values(g: GraphBuilder, target: Value, prediction: Prediction): Value {
    return this.loss.forward(g, target, prediction).losses;
  }

  override getConfig(): Config {
    const { reduction: _, ...config } = this.loss.getConfig();
    return { ...config, name: this.name };
  }
}

/** Cross-entropy against one-hot targets (B, C). Source: keras.metrics.CategoricalCrossentropy. */
export class CategoricalCrossentropy extends LossMetric {
  static override readonly className = 'CategoricalCrossentropy';

  constructor(options: losses.SmoothedCrossentropyOptions = {}) {
    const { name, ...others } = named(options, new.target);
    super(new losses.CategoricalCrossentropy(others), name);
  }
}

/** Cross-entropy against class indices (B, 1). Source: keras.metrics.SparseCategoricalCrossentropy. */
export class SparseCategoricalCrossentropy extends LossMetric {
  static override readonly className = 'SparseCategoricalCrossentropy';

  constructor(options: losses.CrossentropyOptions = {}) {
    const { name, ...others } = named(options, new.target);
    super(new losses.SparseCategoricalCrossentropy(others), name);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: -1 };
  }
}

/** Cross-entropy of each output by itself. Source: keras.metrics.BinaryCrossentropy. */
export class BinaryCrossentropy extends LossMetric {
  static override readonly className = 'BinaryCrossentropy';

  constructor(options: losses.SmoothedCrossentropyOptions = {}) {
    const { name, ...others } = named(options, new.target);
    super(new losses.BinaryCrossentropy(others), name);
  }

  override getConfig(): Config {
    const { axis: _, ...config } = super.getConfig();
    return config;
  }
}

/** The mean of (p − y)². Source: keras.metrics.MeanSquaredError. */
export class MeanSquaredError extends LossMetric {
  static override readonly className = 'MeanSquaredError';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = named(options, new.target);
    super(new losses.MeanSquaredError(others), name);
  }
}
