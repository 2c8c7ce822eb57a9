/**
 * Weights as TensorFlow.js stores them: a `weightsManifest` in `model.json`, and binary files.
 * Format: https://www.tensorflow.org/js/guide/save_load and `tfjs-core/src/io/types.ts`.
 */

import { UserError } from '../../errors.js';
import { halfToNumber, halvesToFloats } from '../../graph/half.js';
import { joinBytes } from '../../graph/rows.js';
import { arrayTypes, sizeOf, type Tensor } from '../../graph/tensor.js';

/** One weight as the manifest describes it. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** The type that the weight has once it is read. */
  readonly dtype: string;
  /** How it is stored, where that differs: `uint8` and `uint16` mean `value = stored · scale + min`. */
  readonly quantization?: {
    readonly dtype: 'float16' | 'uint8' | 'uint16';
    readonly scale?: number;
    readonly min?: number;
  };
}

/** Weights that lie one after another in the concatenation of the files `paths`. */
export interface TfjsWeightsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

/** The part of a TF.js `model.json` that this project reads; graph models and layers models share it. */
export interface TfjsModel {
  readonly modelTopology: unknown;
  readonly weightsManifest: readonly TfjsWeightsGroup[];
}

/** Weights that are not stored as their manifest says. */
export class TfjsFormatError extends UserError {
  override name = 'TfjsFormatError';
}

/**
 * Reads every weight: floats as float32 whatever they are stored as, integers as int32, booleans as bool.
 *
 * @param manifest `weightsManifest` of `model.json`
 * @param files the bytes of every file that the manifest names
 * @throws TfjsFormatError when a file is missing or of another length, or a weight holds strings.
 *
 * @example
 * const { weightsManifest } = JSON.parse(text) as TfjsModel;
 * const kernel = readTfjsWeights(weightsManifest, { 'faceres.bin': bytes }).get('conv_dw_1/depthwise_kernel');
 */
export function readTfjsWeights(
  manifest: readonly TfjsWeightsGroup[],
  files: Readonly<Record<string, Uint8Array>>,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const { paths, weights } of manifest) {
    const bytes = joinBytes(
      paths.map((path) => {
        if (!files[path])
          throw new TfjsFormatError(
            `Expected the weights file '${path}'. Received: ${Object.keys(files).join(', ') || 'none'}.`,
          );
        return files[path];
      }),
    );
    const expected = weights.reduce((sum, weight) => sum + storedLength(weight), 0);
    if (expected !== bytes.length)
      throw new TfjsFormatError(
        `Expected ${expected} bytes in ${paths.join(', ')}. Received: ${bytes.length}.`,
      );
    let offset = 0;
    for (const weight of weights) {
      const end = offset + storedLength(weight);
      tensors.set(weight.name, readWeight(weight, bytes.slice(offset, end)));
      offset = end;
    }
  }
  return tensors;
}

type StoredType = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): ArrayLike<number> };

function storedType({ name, dtype, quantization }: TfjsWeight): StoredType {
  const type = quantization?.dtype ?? dtype;
  if (type === 'uint16') return Uint16Array;
  if (type === 'float32' || type === 'float16' || type === 'int32' || type === 'uint8' || type === 'bool')
    return arrayTypes[type];
  throw new TfjsFormatError(`Expected numbers in '${name}'. Received: a weight of type ${type}.`);
}

const storedLength = (weight: TfjsWeight): number =>
  sizeOf(weight.shape) * storedType(weight).BYTES_PER_ELEMENT;

/** `bytes` start at offset 0 of their buffer, so that any element type is aligned. */
function readWeight(weight: TfjsWeight, bytes: Uint8Array<ArrayBuffer>): Tensor {
  const { shape: dims, dtype, quantization } = weight;
  const stored = new (storedType(weight))(bytes.buffer);
  const decode = quantization ? decoder(quantization) : (value: number) => value;
  const fill = <T extends Float32Array | Int32Array | Uint8Array>(data: T, convert: typeof decode): T => {
    for (let i = 0; i < data.length; i++) data[i] = convert(stored[i]!);
    return data;
  };
  const size = stored.length;
  switch (dtype) {
    case 'float32': {
      const data =
        quantization?.dtype === 'float16'
          ? halvesToFloats(stored as Uint16Array)
          : fill(new Float32Array(size), decode);
      return { type: 'float32', dims, data };
    }
    case 'int32':
      // TF.js rounds quantised integers.
      return { type: 'int32', dims, data: fill(new Int32Array(size), (value) => Math.round(decode(value))) };
    case 'bool':
      return { type: 'bool', dims, data: fill(new Uint8Array(size), Number) };
    default:
      throw new TfjsFormatError(`Expected float32, int32 or bool in '${weight.name}'. Received: ${dtype}.`);
  }
}

const decoder = ({ dtype, scale = 1, min = 0 }: NonNullable<TfjsWeight['quantization']>) =>
  dtype === 'float16' ? halfToNumber : (value: number) => value * scale + min;
