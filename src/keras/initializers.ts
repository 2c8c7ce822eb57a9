import { ValueError } from '../errors.js';
import { sizeOf } from '../graph/tensor.js';
import { pythonTuple } from './python/format.js';
import { globalTensorRandom } from './random/global-random.js';
import { orthonormal } from './random/orthonormal.js';
import { RandomState } from './random/random-state.js';
import type { Config } from './serialized.js';

/** Makes a weight's first values. */
export interface Initializer {
  make(shape: readonly number[]): Float32Array;
  serialize(): Config;
}

/** Keras lets users say which axes are inputs and outputs; here they are its default, the last two. */
const fanAxes = { input_axes: null, output_axes: null };

const serialized = (class_name: string, config: Config): Config => ({
  module: 'keras.initializers',
  class_name,
  config,
  registered_name: null,
});

/** All of one value: `keras.initializers.Constant`, and with 0 and 1 `Zeros` and `Ones`. */
export const Constant = ({ value = 0 } = {}): Initializer => ({
  make: (shape) => new Float32Array(sizeOf(shape)).fill(value),
  serialize: () => serialized('Constant', { value }),
});
export const Zeros = (): Initializer => ({ ...Constant(), serialize: () => serialized('Zeros', {}) });
export const Ones = (): Initializer => ({
  ...Constant({ value: 1 }),
  serialize: () => serialized('Ones', {}),
});

interface Seeded {
  /**
   * A number makes the same values every time; a stream is drawn from, as from Keras's `SeedGenerator`. Default `null`:
   * the stream that `setRandomSeed` seeds.
   */
  seed?: number | RandomState | null;
}

type Seed = Required<Seeded>['seed'];

const randomOf = (seed: Seed): RandomState =>
  seed instanceof RandomState ? seed : seed === null ? globalTensorRandom() : new RandomState(seed);

/** The seed as configurations hold it: of a stream nothing is told. */
const toJson = (seed: Seed): number | null => (seed instanceof RandomState ? null : seed);

/** Evenly distributed on [minval, maxval). */
export const RandomUniform = ({
  minval = -0.05,
  maxval = 0.05,
  seed = null,
}: Seeded & { minval?: number; maxval?: number } = {}): Initializer => ({
  make: (shape) => Float32Array.from(randomOf(seed).uniform(minval, maxval, sizeOf(shape))),
  serialize: () => serialized('RandomUniform', { seed: toJson(seed), minval, maxval }),
});

/** Normally distributed. */
export const RandomNormal = ({
  mean = 0,
  stddev = 0.05,
  seed = null,
}: Seeded & { mean?: number; stddev?: number } = {}): Initializer => ({
  make: (shape) => Float32Array.from(randomOf(seed).normal(mean, stddev, sizeOf(shape))),
  serialize: () => serialized('RandomNormal', { seed: toJson(seed), mean, stddev }),
});

/** Normally distributed, with what lies over two deviations off drawn anew. */
export const TruncatedNormal = ({
  mean = 0,
  stddev = 0.05,
  seed = null,
}: Seeded & { mean?: number; stddev?: number } = {}): Initializer => ({
  make: (shape) => truncatedNormal(shape, mean, stddev, seed),
  serialize: () => serialized('TruncatedNormal', { seed: toJson(seed), mean, stddev }),
});

function truncatedNormal(shape: readonly number[], mean: number, stddev: number, seed: Seed): Float32Array {
  const random = randomOf(seed);
  return Float32Array.from({ length: sizeOf(shape) }, () => {
    for (;;) {
      const deviation = random.normal();
      if (Math.abs(deviation) <= 2) return mean + stddev * deviation;
    }
  });
}

export type FanMode = 'fan_in' | 'fan_out' | 'fan_avg';
export type Distribution = 'uniform' | 'truncated_normal' | 'untruncated_normal';

export interface VarianceScalingOptions extends Seeded {
  scale?: number;
  mode?: FanMode;
  distribution?: Distribution;
}

/** Variance `scale / n`, n being the number of inputs, of outputs, or their mean. */
export const VarianceScaling = ({
  scale = 1,
  mode = 'fan_in',
  distribution = 'truncated_normal',
  seed = null,
}: VarianceScalingOptions = {}): Initializer => ({
  make: (shape) => varianceScaling(shape, scale, mode, distribution, seed),
  serialize: () =>
    serialized('VarianceScaling', { seed: toJson(seed), scale, mode, distribution, ...fanAxes }),
});

function varianceScaling(
  shape: readonly number[],
  scale: number,
  mode: FanMode,
  distribution: Distribution,
  seed: Seed,
): Float32Array {
  const { fanIn, fanOut } = computeFans(shape);
  const n = mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, n);
  // A normal distribution cut off at two deviations keeps this share of its deviation.
  const kept = 0.87962566103423978;
  if (distribution === 'truncated_normal') return truncatedNormal(shape, 0, Math.sqrt(variance) / kept, seed);
  if (distribution === 'untruncated_normal')
    return RandomNormal({ stddev: Math.sqrt(variance), seed }).make(shape);
  const limit = Math.sqrt(3 * variance);
  return RandomUniform({ minval: -limit, maxval: limit, seed }).make(shape);
}

/** How many inputs and outputs a weight of this shape connects. Source: `keras.src.initializers.compute_fans`. */
export function computeFans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * field, fanOut: shape.at(-1)! * field };
}

const scaled =
  (className: string, scale: number, mode: FanMode, distribution: Distribution) =>
  ({ seed = null }: Seeded = {}): Initializer => ({
    ...VarianceScaling({ scale, mode, distribution, seed }),
    serialize: () => serialized(className, { seed: toJson(seed), ...fanAxes }),
  });

export const GlorotUniform = scaled('GlorotUniform', 1, 'fan_avg', 'uniform');
export const GlorotNormal = scaled('GlorotNormal', 1, 'fan_avg', 'truncated_normal');
export const HeUniform = scaled('HeUniform', 2, 'fan_in', 'uniform');
export const HeNormal = scaled('HeNormal', 2, 'fan_in', 'truncated_normal');
export const LecunUniform = scaled('LecunUniform', 1, 'fan_in', 'uniform');
export const LecunNormal = scaled('LecunNormal', 1, 'fan_in', 'truncated_normal');

/** A random orthogonal matrix of all axes but the last by the last, times `gain`. */
export const Orthogonal = ({ gain = 1, seed = null }: Seeded & { gain?: number } = {}): Initializer => ({
  make(shape) {
    if (shape.length < 2)
      throw new ValueError(
        `The tensor to initialize must be at least two-dimensional. Received: shape=${pythonTuple(shape)} of rank ${shape.length}.`,
      );
    const columns = shape.at(-1)!;
    return orthonormal(sizeOf(shape) / columns, columns, randomOf(seed)).map((value) => gain * value);
  },
  serialize: () => serialized('Orthogonal', { seed: toJson(seed), gain }),
});

/** `gain` where row and column are the same, 0 elsewhere. */
export const Identity = ({ gain = 1 } = {}): Initializer => ({
  make(shape) {
    if (shape.length !== 2)
      throw new ValueError(
        `Identity matrix initializer can only be used for 2D matrices. Received: shape=${pythonTuple(shape)} of rank ${shape.length}.`,
      );
    const columns = shape[1]!;
    return new Float32Array(sizeOf(shape)).map((_, at) =>
      Math.floor(at / columns) === at % columns ? gain : 0,
    );
  },
  // As in Keras, the gain is not told.
  serialize: () => serialized('Identity', {}),
});

const initializers = {
  zeros: Zeros,
  ones: Ones,
  random_uniform: RandomUniform,
  random_normal: RandomNormal,
  truncated_normal: TruncatedNormal,
  variance_scaling: VarianceScaling,
  glorot_uniform: GlorotUniform,
  glorot_normal: GlorotNormal,
  he_uniform: HeUniform,
  he_normal: HeNormal,
  lecun_uniform: LecunUniform,
  lecun_normal: LecunNormal,
  orthogonal: Orthogonal,
  identity: Identity,
} as const;

export type InitializerName = keyof typeof initializers;

/** Finds an initializer by Keras's name. */
export function getInitializer(identifier: InitializerName | Initializer): Initializer {
  if (typeof identifier === 'object') return identifier;
  if (!Object.hasOwn(initializers, identifier))
    throw new ValueError(
      `Could not interpret initializer identifier: ${identifier}. Hint: one of ${Object.keys(initializers).join(', ')}.`,
    );
  return initializers[identifier]();
}
