import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { classIndices } from '../../graph/one-hot.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import type { Config } from '../serialized.js';
import { MeanMetric } from './metric.js';

export interface TopKOptions {
  /** How many of the likeliest classes count. Default 5. */
  k?: number;
  /** Default: the class in snake case. */
  name?: string;
}

/** How often the right class is among the likeliest; classes as likely as the last of them count, too. */
abstract class TopK extends MeanMetric {
  override readonly direction = 'up';
  readonly k: number;

  constructor(options: TopKOptions) {
    const { k = 5, name, ...others } = named(options, new.target);
    refuseOthers(others, new.target);
    super(name);
    this.k = k;
  }

  /** The right class: int64 (B). */
  protected abstract indices(g: GraphBuilder, target: Value): Value;

  protected override values(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const index = g.op('Unsqueeze', [this.indices(g, target), g.ints(1)]);
    const own = g.op('GatherElements', [output, index], { axis: 1 });
    const isLikelier = g.cast(g.op('Greater', [output, own]), 'float32');
    const likelier = g.op('ReduceSum', [isLikelier, g.ints(1)], { keepdims: 0 });
    return g.cast(g.op('Less', [likelier, g.scalar(this.k)]), 'float32');
  }

  override getConfig(): Config {
    return { ...super.getConfig(), k: this.k };
  }
}

/** How often the right class is among the `k` likeliest, targets being one-hot (B, C). */
export class TopKCategoricalAccuracy extends TopK {
  static override readonly className = 'TopKCategoricalAccuracy';

  constructor(options: TopKOptions = {}) {
    super({ name: 'top_k_categorical_accuracy', ...named(options, new.target) });
  }

  protected override indices(g: GraphBuilder, target: Value): Value {
    return g.op('ArgMax', [target], { axis: -1, keepdims: 0 });
  }
}

/** How often the right class is among the `k` likeliest, targets being class indices (B, 1). */
export class SparseTopKCategoricalAccuracy extends TopK {
  static override readonly className = 'SparseTopKCategoricalAccuracy';

  constructor(options: TopKOptions = {}) {
    super({ name: 'sparse_top_k_categorical_accuracy', ...named(options, new.target) });
  }

  protected override indices(g: GraphBuilder, target: Value): Value {
    return classIndices(g, target);
  }
}
