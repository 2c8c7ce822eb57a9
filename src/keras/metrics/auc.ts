import { ValueError } from '../../errors.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import type { Prediction } from '../../graph/training-plan.js';
import { named, refuseOthers } from '../../named-options.js';
import { autoName } from '../naming.js';
import { pythonTuple } from '../python/format.js';
import type { Config } from '../serialized.js';
import type { Shape } from '../symbolic-shape.js';
import { zip } from '../zip.js';
import { areEven, ConfusionMetric, type Count, divideNoNaN } from './confusion.js';

/** Recall against false positive rate, or precision against recall. */
export type AUCCurve = 'ROC' | 'PR';
export type AUCSummationMethod = 'interpolation' | 'minoring' | 'majoring';

export interface AUCOptions {
  /** Thresholds that stand for the curve. Default 200. */
  numThresholds?: number;
  /** Default `'ROC'`. */
  curve?: AUCCurve | 'roc' | 'pr';
  /** Takes the line between two thresholds, the lower or the upper value. Default `'interpolation'`, the line. */
  summationMethod?: AUCSummationMethod;
  /** Default `'auc'`, with a number from the second on. */
  name?: string | null;
  /** Thresholds in [0, 1] instead of evenly distributed ones. Default `null`. */
  thresholds?: readonly number[] | null;
  /** Whether each output has a curve of its own; the result is the mean of their areas. Default `false`. */
  multiLabel?: boolean;
  /** Outputs, with `multiLabel`. Default `null`: as many as the model has. */
  numLabels?: number | null;
  /** Weight of each output. Default `null`: all alike. */
  labelWeights?: readonly number[] | null;
  /** Whether outputs are logits of sigmoids rather than probabilities. Default `false`. */
  fromLogits?: boolean;
}

/** A little below 0 and above 1, so that the curve has both its ends. */
const epsilon = 1e-7;

/**
 * The area under a curve of true and false positives, approximated at thresholds.
 *
 * Source: keras.metrics.AUC.
 */
export class AUC extends ConfusionMetric {
  static override readonly className = 'AUC';

  readonly curve: AUCCurve;
  readonly summationMethod: AUCSummationMethod;
  readonly multiLabel: boolean;
  readonly numLabels: number | null;
  readonly labelWeights: readonly number[] | null;
  readonly fromLogits: boolean;
  readonly #chosen: boolean;

  constructor(options: AUCOptions = {}) {
    const {
      numThresholds = 200,
      curve = 'ROC',
      summationMethod = 'interpolation',
      name = null,
      thresholds = null,
      multiLabel = false,
      numLabels = null,
      labelWeights = null,
      fromLogits = false,
      ...others
    } = named(options, new.target);
    refuseOthers(others, new.target);
    if (!thresholds && !(numThresholds > 1))
      throw new ValueError(
        `Argument \`num_thresholds\` must be an integer > 1. Received: num_thresholds=${numThresholds}`,
      );
    const upper = String(curve).toUpperCase();
    if (upper !== 'ROC' && upper !== 'PR')
      throw new ValueError(`Invalid AUC curve value: "${curve}". Expected values are ["PR", "ROC"]`);
    if (!['interpolation', 'minoring', 'majoring'].includes(summationMethod))
      throw new ValueError(
        `Invalid AUC summation method value: "${summationMethod}". Expected values are ["interpolation", "majoring", "minoring"]`,
      );
    if (numLabels && !multiLabel)
      throw new ValueError('`num_labels` is needed only when `multi_label` is True.');
    const inner = thresholds
      ? thresholds.toSorted((a, b) => a - b)
      : Array.from({ length: numThresholds - 2 }, (_, i) => (i + 1) / (numThresholds - 1));
    super([-epsilon, ...inner, 1 + epsilon], name ?? autoName('auc'));
    this.curve = upper;
    this.summationMethod = summationMethod;
    this.multiLabel = multiLabel;
    this.numLabels = numLabels;
    this.labelWeights = labelWeights;
    this.fromLogits = fromLogits;
    this.#chosen = thresholds !== null;
    if (multiLabel && numLabels) this.labels = numLabels;
  }

  override build(outputShape: Shape): void {
    if (!this.multiLabel) return;
    if (outputShape.length !== 2)
      throw new ValueError(
        `\`y_pred\` must have rank 2 when \`multi_label=True\`. Found rank ${outputShape.length}. Full shape received for \`y_pred\`: ${pythonTuple(outputShape)}`,
      );
    this.labels = this.numLabels ?? outputShape.at(-1) ?? 1;
  }

  protected override get even(): boolean {
    return !this.#chosen || areEven([0, ...this.thresholds.slice(1, -1), 1]);
  }

  protected override get outputWeights(): readonly number[] | null {
    return this.multiLabel ? null : this.labelWeights;
  }

  protected override score(g: GraphBuilder, { output }: Prediction): Value {
    return this.fromLogits ? g.op('Sigmoid', [output]) : output;
  }

  protected override summarise(labels: readonly (readonly Count[])[]): number {
    const areas = labels.map((counts) =>
      this.curve === 'PR' && this.summationMethod === 'interpolation'
        ? interpolatedArea(counts)
        : this.#area(counts),
    );
    const weights = (this.multiLabel && this.labelWeights) || areas.map(() => 1);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    return divideNoNaN(sum(zip(areas, weights).map(([area, weight]) => area * weight)), sum(weights));
  }

  /** The sum of rectangles between thresholds. */
  #area(counts: readonly Count[]): number {
    const points = counts.map((count) => this.#point(count));
    const height = {
      interpolation: (a: number, b: number) => (a + b) / 2,
      minoring: Math.min,
      majoring: Math.max,
    }[this.summationMethod];
    let area = 0;
    for (const [[xA, yA], [xB, yB]] of neighbours(points)) area += (xA - xB) * height(yA, yB);
    return area;
  }

  /** Where the curve is at a threshold. */
  #point({
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
  }: Count): readonly [x: number, y: number] {
    const recall = divideNoNaN(truePositives, truePositives + falseNegatives);
    if (this.curve === 'ROC') return [divideNoNaN(falsePositives, falsePositives + trueNegatives), recall];
    return [recall, divideNoNaN(truePositives, truePositives + falsePositives)];
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      num_thresholds: this.thresholds.length,
      curve: this.curve,
      summation_method: this.summationMethod,
      multi_label: this.multiLabel,
      num_labels: this.numLabels,
      label_weights: this.labelWeights,
      from_logits: this.fromLogits,
      ...(this.#chosen ? { thresholds: this.thresholds.slice(1, -1) } : {}),
    };
  }
}

/**
 * The area under precision against recall, with true positives running linearly with all positives P = TP + FP
 * between thresholds A and B: slope · (ΔTP + intercept · ln(P_A / P_B)) / (TP + FN), where slope = ΔTP / ΔP.
 *
 * Source: Davis and Goadrich 2006, https://www.biostat.wisc.edu/~page/rocpr.pdf; `AUC.interpolate_pr_auc`.
 */
function interpolatedArea(counts: readonly Count[]): number {
  let area = 0;
  for (const [a, b] of neighbours(counts)) {
    const [tpA, tpB] = [a.truePositives, b.truePositives];
    const [pA, pB] = [tpA + a.falsePositives, tpB + b.falsePositives];
    const slope = divideNoNaN(tpA - tpB, Math.max(pA - pB, 0));
    const intercept = tpB - slope * pB;
    const ratio = pA > 0 && pB > 0 ? pA / pB : 1;
    area += divideNoNaN(slope * (tpA - tpB + intercept * Math.log(ratio)), tpB + b.falseNegatives);
  }
  return area;
}

/** Each item with the next. */
const neighbours = <T>(items: readonly T[]): (readonly [T, T])[] => zip(items, items.slice(1));
