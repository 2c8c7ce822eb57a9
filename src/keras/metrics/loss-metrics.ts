import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named } from '../../named-options.js';
import * as losses from '../losses/index.js';
import type { Config } from '../serialized.js';
import { MeanMetric, type MetricOptions } from './metric.js';

/** A loss's options; a metric is always the mean. */
type Watched<Options> = Omit<Options, 'reduction'>;

/** The options, without that which only the loss has. @throws TypeError for it, in Python's words */
function watched<Options extends object>(
  options: Options,
  callee: (abstract new (options: never) => unknown) & { readonly className: string },
): Options {
  const given = named(options, callee);
  if (Object.hasOwn(given, 'reduction'))
    throw new TypeError(`${callee.className}() got an unexpected keyword argument 'reduction'`);
  return given;
}

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

  override get needsWholeBatch(): boolean {
    return this.loss.needsWholeBatch;
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

  constructor(options: Watched<losses.SmoothedCrossentropyOptions> = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.CategoricalCrossentropy(others), name);
  }
}

/** Cross-entropy against class indices (B, 1). Source: keras.metrics.SparseCategoricalCrossentropy. */
export class SparseCategoricalCrossentropy extends LossMetric {
  static override readonly className = 'SparseCategoricalCrossentropy';

  constructor(options: Watched<losses.CrossentropyOptions> = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.SparseCategoricalCrossentropy(others), name);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: -1 };
  }
}

/** Cross-entropy of each output by itself. Source: keras.metrics.BinaryCrossentropy. */
export class BinaryCrossentropy extends LossMetric {
  static override readonly className = 'BinaryCrossentropy';

  constructor(options: Watched<losses.SmoothedCrossentropyOptions> = {}) {
    const { name, ...others } = watched(options, new.target);
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
    const { name, ...others } = watched(options, new.target);
    super(new losses.MeanSquaredError(others), name);
  }
}

/** The mean of |p − y|. Source: keras.metrics.MeanAbsoluteError. */
export class MeanAbsoluteError extends LossMetric {
  static override readonly className = 'MeanAbsoluteError';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.MeanAbsoluteError(others), name);
  }
}

/** The mean of 100·|p − y| / |y|. Source: keras.metrics.MeanAbsolutePercentageError. */
export class MeanAbsolutePercentageError extends LossMetric {
  static override readonly className = 'MeanAbsolutePercentageError';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.MeanAbsolutePercentageError(others), name);
  }
}

/** The mean of (log(1 + p) − log(1 + y))². Source: keras.metrics.MeanSquaredLogarithmicError. */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className = 'MeanSquaredLogarithmicError';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.MeanSquaredLogarithmicError(others), name);
  }
}

/** The mean of log cosh(p − y). Source: keras.metrics.LogCoshError. */
export class LogCoshError extends LossMetric {
  static override readonly className = 'LogCoshError';

  constructor(options: MetricOptions = {}) {
    const { name = 'logcosh', ...others } = watched(options, new.target);
    super(new losses.LogCosh(others), name);
  }
}

/** The mean of max(1 − y·p, 0). Source: keras.metrics.Hinge. */
export class Hinge extends LossMetric {
  static override readonly className = 'Hinge';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.Hinge(others), name);
  }
}

/** The mean of max(1 − y·p, 0)². Source: keras.metrics.SquaredHinge. */
export class SquaredHinge extends LossMetric {
  static override readonly className = 'SquaredHinge';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.SquaredHinge(others), name);
  }
}

/** max(1 + max((1 − y)·p) − Σ y·p, 0), targets being one-hot (B, C). Source: keras.metrics.CategoricalHinge. */
export class CategoricalHinge extends LossMetric {
  static override readonly className = 'CategoricalHinge';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.CategoricalHinge(others), name);
  }
}

/** Σ y·log(y / p). Source: keras.metrics.KLDivergence. */
export class KLDivergence extends LossMetric {
  static override readonly className = 'KLDivergence';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.KLDivergence(others), name);
  }
}

/** The mean of p − y·log p. Source: keras.metrics.Poisson. */
export class Poisson extends LossMetric {
  static override readonly className = 'Poisson';

  constructor(options: MetricOptions = {}) {
    const { name, ...others } = watched(options, new.target);
    super(new losses.Poisson(others), name);
  }
}
