import { ValueError } from '../../errors.js';
import { rowCount, sliceRows } from '../../graph/rows.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import { pythonTuple } from '../python/format.js';
import { type Batch, type TargetForm, toFloatTensor, toInputs, toTargets } from './data.js';
import type { Samples } from './trainer.js';

/** Turns the inputs of the model into those of its trained part. */
type Extract = (x: readonly Tensor<'float32'>[]) => Promise<readonly Tensor<'float32'>[]>;

/** Weights of classes by their index: Keras's `class_weight`. */
export type ClassWeight = Readonly<Record<number, number>> | ReadonlyMap<number, number>;

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
  const weight = sampleWeight == null ? undefined : weightOfEach(toFloatTensor(sampleWeight));
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

/** A weight for each sample (N), also of (N, 1) and (N, 1, 1), which Keras asks for with outputs of higher rank. */
function weightOfEach({ data, dims }: Tensor<'float32'>): Tensor<'float32'> {
  const [count = 0] = dims;
  if (data.length === count) return float32(data, [count]);
  throw new ValueError(
    `Expected one weight for each sample. Received: weights of shape ${pythonTuple(dims)}.`,
  );
}

/** The weight of each sample's class; 1 where none is given. */
function weighClasses(y: Tensor, classWeight: ClassWeight): Tensor<'float32'> {
  if (y.dims.length > 2)
    throw new ValueError(
      `Expected targets of one class a sample with \`classWeight\`. Received: targets of shape ${pythonTuple(y.dims)}. Hint: weigh samples with \`sampleWeight\`.`,
    );
  const weightOf = classWeight instanceof Map ? classWeight : new Map(indexed(classWeight as object));
  const [count = 0, width = 1] = y.dims;
  const values = y.data as Float32Array;
  const weights = Float32Array.from({ length: count }, (_, i) => {
    const row = values.subarray(i * width, (i + 1) * width);
    const index = width === 1 ? Math.round(row[0] ?? 0) : row.indexOf(row.reduce((a, b) => Math.max(a, b)));
    return weightOf.get(index) ?? 1;
  });
  return float32(weights, [count]);
}

/** Pairs of index and weight. */
const indexed = (weights: object): [number, number][] =>
  Object.entries(weights).map(([key, weight]) => {
    if (!/^\d+$/.test(key) || typeof weight !== 'number')
      throw new ValueError(
        `Expected \`classWeight\` to hold a number for the index of each class. Received: ${key}: ${weight}. Hint: \`classIndices\` of an iterator tells the indices.`,
      );
    return [Number(key), weight];
  });

/** The same samples, weighed by their classes. */
export const withClassWeight = (samples: Samples, classWeight: ClassWeight | undefined): Samples =>
  classWeight ? { ...samples, sampleWeight: weighClasses(samples.y, classWeight) } : samples;

/** The samples `from` to `to`. */
export const sampleRows = ({ x, y, sampleWeight }: Samples, from: number, to: number): Samples => ({
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
