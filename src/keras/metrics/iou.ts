/**
 * Intersection over union: how far the places that are a class and those that are taken for it are the same.
 *
 * Axes: B places (positions of samples), C outputs, K classes.
 */
import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { oneHot } from '../../graph/one-hot.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import { autoName, toSnakeCase } from '../naming.js';
import type { Config } from '../serialized.js';
import { Metric } from './metric.js';

export interface OneHotMeanIoUOptions {
  /** Classes that there are. */
  numClasses: number;
  /** A class that does not count where it is the target. Default `null`: none. */
  ignoreClass?: number | null;
  /** Whether outputs are indices of classes rather than a probability for each. Default `false`. */
  sparseYPred?: boolean;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string | null;
}

export interface OneHotIoUOptions extends OneHotMeanIoUOptions {
  /** The classes whose mean it is. */
  targetClassIds: readonly number[];
}

export interface MeanIoUOptions extends OneHotMeanIoUOptions {
  /** Whether targets are indices of classes rather than one-hot rows. Default `true`. */
  sparseYTrue?: boolean;
  /** Whether outputs are indices of classes rather than a probability for each. Default `true`. */
  sparseYPred?: boolean;
}

export interface IoUOptions extends MeanIoUOptions {
  /** The classes whose mean it is. */
  targetClassIds: readonly number[];
}

export interface BinaryIoUOptions {
  /** The classes whose mean it is, of 0 and 1. Default `[0, 1]`. */
  targetClassIds?: readonly number[];
  /** Outputs of at least this are class 1. Default 0.5. */
  threshold?: number;
  /** Default: the class in snake case, with a number from the second on. */
  name?: string | null;
}

const epsilon = 1e-7;

/** Counts of targets and outputs, class by class, and the mean of some classes' intersection over union. */
abstract class ClassOverlap extends Metric {
  override readonly direction = 'up';
  override readonly dtype = 'int64';

  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;

  constructor(
    className: string,
    { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, name }: IoUOptions,
  ) {
    super(name ?? autoName(toSnakeCase(className)));
    if (!Number.isInteger(numClasses) || numClasses < 1)
      throw new ValueError(`Expected \`numClasses\` to be a positive whole number. Received: ${numClasses}.`);
    const largest = Math.max(...targetClassIds);
    if (largest >= numClasses)
      throw new ValueError(`Target class id ${largest} is out of range, which is [0, ${numClasses}).`);
    this.numClasses = numClasses;
    this.targetClassIds = [...targetClassIds];
    this.ignoreClass = ignoreClass ?? null;
    this.sparseYTrue = sparseYTrue ?? true;
    this.sparseYPred = sparseYPred ?? true;
  }

  override get sums(): number {
    return this.numClasses ** 2;
  }

  /** The class that each output stands for: float32 (any). */
  protected outputClasses(g: GraphBuilder, output: Value): Value {
    return this.sparseYPred ? output : argMax(g, output);
  }

  /** The matrix of targets and outputs, row by row: float32 (K²). */
  override forward(g: GraphBuilder, target: Value, { output }: Prediction): Value {
    const op = (name: string, ...inputs: Value[]) => g.op(name, inputs);
    const whole = (classes: Value) => op('Reshape', g.cast(classes, 'int64'), g.ints(-1));
    const y = whole(this.sparseYTrue ? target : argMax(g, target));
    const p = whole(this.outputClasses(g, output));
    const count = g.ints(this.numClasses);
    const inRange = (classes: Value) =>
      op('And', op('GreaterOrEqual', classes, g.ints(0)), op('Less', classes, count));
    let counts = op('And', inRange(y), inRange(p));
    if (this.ignoreClass !== null)
      counts = op('And', counts, op('Not', op('Equal', y, g.ints(this.ignoreClass))));
    // What does not count is given a class that there is not, whose row is empty.
    const rows = (classes: Value) => oneHot(g, op('Where', counts, classes, count), count);
    const matrix = op('MatMul', g.op('Transpose', [rows(y)], { perm: [1, 0] }), rows(p));
    return op('Reshape', matrix, g.ints(-1));
  }

  override result(sums: ArrayLike<number>): number {
    const size = this.numClasses;
    const at = (row: number, column: number) => sums[row * size + column] ?? 0;
    const each = Array.from({ length: size }, (_, k) => k);
    const add = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const overlaps = this.targetClassIds.map((k) => {
      const both = at(k, k);
      const either = add(each.map((i) => at(i, k))) + add(each.map((i) => at(k, i))) - both;
      return { either, overlap: either > 1e-9 ? both / (either + epsilon) : 0 };
    });
    const present = overlaps.filter(({ either }) => either > 1e-9).length;
    return add(overlaps.map(({ overlap }) => overlap)) / (present + epsilon);
  }

  /** The options under Python's keys. */
  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_classes: this.numClasses,
      target_class_ids: this.targetClassIds,
      ignore_class: this.ignoreClass,
      sparse_y_true: this.sparseYTrue,
      sparse_y_pred: this.sparseYPred,
      axis: -1,
    };
  }
}

const argMax = (g: GraphBuilder, value: Value) => g.op('ArgMax', [value], { axis: -1, keepdims: 0 });

const allClasses = (count: number) => Array.from({ length: count }, (_, k) => k);

/** The mean of chosen classes. Source: keras.metrics.IoU. */
export class IoU extends ClassOverlap {
  static override readonly className = 'IoU';

  constructor(options: IoUOptions) {
    const { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, name, ...others } = named(
      options,
      new.target,
    );
    refuseOthers(others, new.target, (probe) => new IoU(probe));
    super('IoU', { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, name });
  }
}

/** The mean of all classes that there are. Source: keras.metrics.MeanIoU. */
export class MeanIoU extends ClassOverlap {
  static override readonly className = 'MeanIoU';

  constructor(options: MeanIoUOptions) {
    const { numClasses, ignoreClass, sparseYTrue, sparseYPred, name, ...others } = named(options, new.target);
    refuseOthers(others, new.target, (probe) => new MeanIoU(probe));
    const targetClassIds = allClasses(numClasses);
    super('MeanIoU', { numClasses, targetClassIds, ignoreClass, sparseYTrue, sparseYPred, name });
  }

  override getConfig(): Config {
    const { target_class_ids: _, ...config } = super.getConfig();
    return config;
  }
}

/** The mean of chosen classes, targets being one-hot. Source: keras.metrics.OneHotIoU. */
export class OneHotIoU extends ClassOverlap {
  static override readonly className = 'OneHotIoU';

  constructor(options: OneHotIoUOptions) {
    const {
      numClasses,
      targetClassIds,
      ignoreClass,
      sparseYPred = false,
      name,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target, (probe) => new OneHotIoU(probe));
    super('OneHotIoU', { numClasses, targetClassIds, ignoreClass, sparseYTrue: false, sparseYPred, name });
  }

  override getConfig(): Config {
    const { sparse_y_true: _, ...config } = super.getConfig();
    return config;
  }
}

/** The mean of all classes that there are, targets being one-hot. Source: keras.metrics.OneHotMeanIoU. */
export class OneHotMeanIoU extends ClassOverlap {
  static override readonly className = 'OneHotMeanIoU';

  constructor(options: OneHotMeanIoUOptions) {
    const { numClasses, ignoreClass, sparseYPred = false, name, ...others } = named(options, new.target);
    refuseOthers(others, new.target, (probe) => new OneHotMeanIoU(probe));
    const targetClassIds = allClasses(numClasses);
    super('OneHotMeanIoU', {
      numClasses,
      targetClassIds,
      ignoreClass,
      sparseYTrue: false,
      sparseYPred,
      name,
    });
  }

  override getConfig(): Config {
    const { target_class_ids: _, sparse_y_true: __, ...config } = super.getConfig();
    return config;
  }
}

/** The mean of class 0 and class 1, which outputs are by a threshold. Source: keras.metrics.BinaryIoU. */
export class BinaryIoU extends ClassOverlap {
  static override readonly className = 'BinaryIoU';
  static override readonly floats = ['threshold'];

  readonly threshold: number;

  constructor(options: BinaryIoUOptions = {}) {
    const { targetClassIds = [0, 1], threshold = 0.5, name, ...others } = named(options, new.target);
    refuseOthers(others, new.target, (probe) => new BinaryIoU(probe));
    super('BinaryIoU', { numClasses: 2, targetClassIds, name });
    this.threshold = threshold;
  }

  protected override outputClasses(g: GraphBuilder, output: Value): Value {
    return g.op('GreaterOrEqual', [output, g.scalar(this.threshold)]);
  }

  override getConfig(): Config {
    const { name, target_class_ids } = super.getConfig();
    return { name, target_class_ids, threshold: this.threshold };
  }
}
