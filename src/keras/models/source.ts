import { ValueError } from '../../errors.js';
import { rowCount, sliceRows } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import type { RandomState } from '../random/random-state.js';
import {
  type Batch,
  type Batches,
  isNumberArray,
  type TargetForm,
  toFloatTensor,
  toInputs,
  toTargets,
} from './data.js';
import type { Run, Samples } from './trainer.js';

/** Where batches come from, pass after pass. */
export interface Source {
  /** Batches of one pass; `null` where that is known only at its end. */
  readonly batches: number | null;
  /** Whether a pass is under way, with batches left as far as is known. */
  readonly open: boolean;
  /** Starts a new pass. */
  start(): void;
  /**
   * The next batches of this pass, `most` at most; `null` at its end.
   *
   * @param left how many the caller is going to take, these included
   */
  next(most: number, left: number): Promise<Run | null>;
  /** Told after each epoch and each evaluation, and, as in Keras, before the first. */
  onEpochEnd(): void;
}

/** Turns the inputs of the model into those of its trained part. */
type Extract = (x: readonly Tensor<'float32'>[]) => Promise<readonly Tensor<'float32'>[]>;

/** Weights of classes by their index: Keras's `class_weight`. */
export type ClassWeight = Readonly<Record<number, number>>;

/** Batches out of arrays that are in memory. */
export class ArraySource implements Source {
  readonly batches: number;
  readonly #order: Int32Array;
  #position = Number.POSITIVE_INFINITY;

  constructor(
    readonly samples: Samples,
    readonly batchSize: number,
    /** Shuffles before each pass, unless `null`. */
    readonly random: RandomState | null,
  ) {
    const count = rowCount(samples.y);
    this.batches = Math.ceil(count / batchSize);
    this.#order = Int32Array.from({ length: count }, (_, i) => i);
  }

  get open(): boolean {
    return this.#position < this.#order.length;
  }

  start(): void {
    this.#position = 0;
    if (this.random) this.#order.set(this.random.permutation(this.#order.length));
  }

  onEpochEnd(): void {}

  async next(most: number): Promise<Run | null> {
    const { samples, batchSize } = this;
    const from = this.#position;
    const order = Array.from(this.#order.subarray(from, from + most * batchSize));
    if (order.length === 0) return null;
    this.#position += order.length;
    if (this.random) return { samples, order, batchSize };
    return inOrder(sampleRows(samples, from, from + order.length), batchSize);
  }
}

/** Batches out of an iterable: `flowFromDirectory`, a generator, a list. */
export class IterableSource implements Source {
  #iterator: AsyncIterator<Batch> | Iterator<Batch> | null = null;
  #seen = 0;

  constructor(
    readonly iterable: Batches,
    /** Batches of a pass, where the iterable does not end by itself. */
    readonly batches: number | null,
    readonly form: Form,
  ) {}

  get open(): boolean {
    return this.#iterator !== null && this.#seen !== this.batches;
  }

  start(): void {
    const { iterable } = this;
    this.#seen = 0;
    this.#iterator =
      Symbol.asyncIterator in iterable ? iterable[Symbol.asyncIterator]() : iterable[Symbol.iterator]();
  }

  onEpochEnd(): void {}

  async next(): Promise<Run | null> {
    if (!this.#iterator || !this.open) return null;
    const { value, done } = await this.#iterator.next();
    if (done) {
      this.#iterator = null;
      return null;
    }
    this.#seen++;
    const samples = await toSamples(value, this.form);
    return inOrder(samples, rowCount(samples.y));
  }
}

/** A run of all samples as they stand. */
export const inOrder = (samples: Samples, batchSize: number): Run => ({
  samples,
  order: Array.from({ length: rowCount(samples.y) }, (_, i) => i),
  batchSize,
});

/** The form that a model wants its data in. */
export interface Form extends TargetForm {
  /** The names of the model's inputs, in their order. */
  readonly inputNames: readonly string[];
  readonly extract: Extract;
  /** Refuses targets that mean nothing to the loss. */
  readonly checkTargets?: (y: Tensor<'float32'>) => void;
  readonly classWeight?: ClassWeight;
}

/** Checks and converts data, and runs the frozen part of the model on them. */
export async function toSamples(batch: Batch, form: Form): Promise<Samples> {
  const { extract, checkTargets, classWeight } = form;
  if (!Array.isArray(batch))
    throw new TypeError(
      'Expected a batch to be a list `[x, y]` or `[x, y, sampleWeight]`. Received: no list.',
    );
  const [x, y, sampleWeight] = batch as Batch;
  if (y == null) throw new TypeError('Expected targets with the data. Received: none.');
  const inputs = toInputs(x, form.inputNames);
  const target = toTargets(y, form);
  const weight = sampleWeight == null ? undefined : toFloatTensor(sampleWeight);
  if (weight && classWeight)
    throw new ValueError('You cannot specify `class_weight` and `sample_weight` at the same time.');
  for (const tensor of [...inputs, ...(weight ? [weight] : [])])
    if (tensor.dims[0] !== target.dims[0])
      throw new ValueError(
        `Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.'x' sizes: ${inputs.map(({ dims }) => dims[0]).join(', ')}\n'y' sizes: ${target.dims[0]}\n${weight ? `'sample_weight' sizes: ${weight.dims[0]}\n` : ''}`,
      );
  if (target.dims[0] === 0) throw new ValueError('Expected at least one sample. Received: none.');
  checkTargets?.(target);
  return {
    x: await extract(inputs),
    y: target,
    sampleWeight: classWeight ? weighClasses(target, classWeight) : weight,
  };
}

/** The weight of each sample's class; 1 where none is given. */
function weighClasses(y: Tensor, classWeight: ClassWeight): Tensor<'float32'> {
  const [count = 0, width = 1] = y.dims;
  const values = y.data as Float32Array;
  const weights = Float32Array.from({ length: count }, (_, i) => {
    const row = values.subarray(i * width, (i + 1) * width);
    const index = width === 1 ? Math.round(row[0] ?? 0) : row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    return classWeight[index] ?? 1;
  });
  return float32(weights, [count]);
}

/** The same samples, weighed by their classes. */
export const withClassWeight = (samples: Samples, classWeight: ClassWeight | undefined): Samples =>
  classWeight ? { ...samples, sampleWeight: weighClasses(samples.y, classWeight) } : samples;

/** The samples `from` to `to`. */
const sampleRows = ({ x, y, sampleWeight }: Samples, from: number, to: number): Samples => ({
  x: x.map((tensor) => sliceRows(tensor, from, to)),
  y: sliceRows(y, from, to),
  sampleWeight: sampleWeight && sliceRows(sampleWeight, from, to),
});

/** The beginning of the samples, and the share of them at the end that is held back for validation. */
export function splitSamples(samples: Samples, share: number): [training: Samples, held: Samples] {
  const count = rowCount(samples.y);
  const kept = Math.floor(count * (1 - share));
  if (kept <= 0 || kept >= count)
    throw new ValueError(
      `Training data contains ${count} samples, which is not sufficient to split it into a validation and training set as specified by \`validation_split=${share}\`. Either provide more data, or a different value for the \`validation_split\` argument.`,
    );
  return [sampleRows(samples, 0, kept), sampleRows(samples, kept, count)];
}

/** Whether data are batches to be iterated over, rather than arrays. */
export const isBatches = (x: unknown): x is Batches =>
  typeof x === 'object' &&
  x !== null &&
  !Array.isArray(x) &&
  !isNumberArray(x) &&
  !('dims' in x) &&
  (Symbol.asyncIterator in x || Symbol.iterator in x);

/** The batches of a pass, where an iterable tells. */
export const lengthOf = (batches: Batches): number | null =>
  'length' in batches && typeof batches.length === 'number' ? batches.length : null;
