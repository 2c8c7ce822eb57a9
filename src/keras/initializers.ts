import { ValueError } from '../errors.js';
import { sizeOf } from '../graph/tensor.js';
import { named, refuseUnread } from '../named-options.js';
import { type SnakeCase, toSnakeCase } from './naming.js';
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

/** A class of initializers, called as Keras's constructors are: `GlorotUniform({ seed: 1 })`. */
export interface InitializerClass<Options> {
  (options?: Options): Initializer;
  readonly className: string;
  /** Keys of the configuration whose numbers are floats. */
  readonly floats: readonly string[];
}

interface Definition<Options> {
  readonly floats?: readonly string[];
  /** The first values, and the configuration, for these options. */
  define(options: Partial<Options>): { make: Initializer['make']; config: Config };
}

/** Makes a class of initializers. */
const initializer = <Options>(
  className: string,
  { floats = [], define }: Definition<Options>,
): InitializerClass<Options> =>
  Object.assign(
    (options: Partial<Options> = {}): Initializer => {
      const { make, config } = define(named(options, className));
      refuseUnread(options, className, define);
      const serialize = () => ({
        module: 'keras.initializers',
        class_name: className,
        config,
        registered_name: null,
      });
      return { make, serialize };
    },
    { className, floats },
  );

const fill = (value: number) => (shape: readonly number[]) => new Float32Array(sizeOf(shape)).fill(value);

export interface ConstantOptions {
  /** Default 0. */
  value?: number;
}

/** All of one value. Source: keras.initializers.Constant. */
export const Constant = initializer<ConstantOptions>('Constant', {
  floats: ['value'],
  define: ({ value = 0 }) => ({ make: fill(value), config: { value } }),
});
/** Source: keras.initializers.Zeros. */
export const Zeros = initializer<object>('Zeros', { define: () => ({ make: fill(0), config: {} }) });
/** Source: keras.initializers.Ones. */
export const Ones = initializer<object>('Ones', { define: () => ({ make: fill(1), config: {} }) });

export interface SeedOption {
  /**
   * A number makes the same values every time; a stream is drawn from, as from Keras's `SeedGenerator`. Default `null`:
   * the stream that `setRandomSeed` seeds.
   */
  seed?: number | RandomState | null;
}

type Seed = SeedOption['seed'];

const randomOf = (seed: Seed): RandomState =>
  seed instanceof RandomState ? seed : seed == null ? globalTensorRandom() : new RandomState(seed);

/** The seed as configurations hold it; a stream is not told. */
const toJson = (seed: Seed): number | null => (typeof seed === 'number' ? seed : null);

export interface RandomUniformOptions extends SeedOption {
  /** Lower bound. Default −0.05. */
  minval?: number;
  /** Upper bound, which is not reached. Default 0.05. */
  maxval?: number;
}

/** Evenly distributed on [minval, maxval). Source: keras.initializers.RandomUniform. */
export const RandomUniform = initializer<RandomUniformOptions>('RandomUniform', {
  floats: ['minval', 'maxval'],
  define: ({ minval = -0.05, maxval = 0.05, seed }) => ({
    make: (shape) => Float32Array.from(randomOf(seed).uniform(minval, maxval, sizeOf(shape))),
    config: { seed: toJson(seed), minval, maxval },
  }),
});

export interface RandomNormalOptions extends SeedOption {
  /** Default 0. */
  mean?: number;
  /** Standard deviation. Default 0.05. */
  stddev?: number;
}

/** Normally distributed. Source: keras.initializers.RandomNormal. */
export const RandomNormal = initializer<RandomNormalOptions>('RandomNormal', {
  floats: ['mean', 'stddev'],
  define: ({ mean = 0, stddev = 0.05, seed }) => ({
    make: (shape) => Float32Array.from(randomOf(seed).normal(mean, stddev, sizeOf(shape))),
    config: { seed: toJson(seed), mean, stddev },
  }),
});

/** Normally distributed; values over two deviations off are drawn anew. Source: keras.initializers.TruncatedNormal. */
export const TruncatedNormal = initializer<RandomNormalOptions>('TruncatedNormal', {
  floats: ['mean', 'stddev'],
  define: ({ mean = 0, stddev = 0.05, seed }) => ({
    make: (shape) => truncatedNormal(shape, { mean, stddev, seed }),
    config: { seed: toJson(seed), mean, stddev },
  }),
});

function truncatedNormal(
  shape: readonly number[],
  { mean = 0, stddev = 0.05, seed }: RandomNormalOptions,
): Float32Array {
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

export interface VarianceScalingOptions extends SeedOption {
  /** Factor of the variance. Default 1. */
  scale?: number;
  /** Whether the number of inputs, of outputs, or their mean divides it. Default `'fan_in'`. */
  mode?: FanMode;
  /** Default `'truncated_normal'`. */
  distribution?: Distribution;
}

/** Keras lets users say which axes are inputs and outputs; here they are its default, the last two. */
const fanAxes = { input_axes: null, output_axes: null };

/** Variance `scale / n`, n as `mode` says. Source: keras.initializers.VarianceScaling. */
export const VarianceScaling = initializer<VarianceScalingOptions>('VarianceScaling', {
  define({ scale = 1, mode = 'fan_in', distribution = 'truncated_normal', seed }) {
    if (!(scale > 0))
      throw new ValueError(`Argument \`scale\` must be positive float. Received: scale=${scale}`);
    return {
      make: (shape) => varianceScaling(shape, { scale, mode, distribution, seed }),
      config: { seed: toJson(seed), scale, mode, distribution, ...fanAxes },
    };
  },
});

function varianceScaling(
  shape: readonly number[],
  { scale = 1, mode, distribution, seed }: VarianceScalingOptions,
): Float32Array {
  const { fanIn, fanOut } = computeFans(shape);
  const n = mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, n);
  // A normal distribution cut off at two deviations keeps this share of its deviation.
  const kept = 0.87962566103423978;
  if (distribution === 'truncated_normal')
    return truncatedNormal(shape, { stddev: Math.sqrt(variance) / kept, seed });
  if (distribution === 'untruncated_normal')
    return RandomNormal({ stddev: Math.sqrt(variance), seed }).make(shape);
  const limit = Math.sqrt(3 * variance);
  return RandomUniform({ minval: -limit, maxval: limit, seed }).make(shape);
}

/** How many inputs and outputs a weight of this shape connects. Source: keras.src.initializers.compute_fans. */
export function computeFans(shape: readonly number[]): { fanIn: number; fanOut: number } {
  const [outputs, inputs] = shape.toReversed();
  if (outputs === undefined || inputs === undefined) return { fanIn: outputs ?? 1, fanOut: outputs ?? 1 };
  const field = sizeOf(shape.slice(0, -2));
  return { fanIn: inputs * field, fanOut: outputs * field };
}

const scaled = (className: string, scale: number, mode: FanMode, distribution: Distribution) =>
  initializer<SeedOption>(className, {
    define: ({ seed }) => ({
      make: (shape) => varianceScaling(shape, { scale, mode, distribution, seed }),
      config: { seed: toJson(seed), ...fanAxes },
    }),
  });

export const GlorotUniform = scaled('GlorotUniform', 1, 'fan_avg', 'uniform');
export const GlorotNormal = scaled('GlorotNormal', 1, 'fan_avg', 'truncated_normal');
export const HeUniform = scaled('HeUniform', 2, 'fan_in', 'uniform');
export const HeNormal = scaled('HeNormal', 2, 'fan_in', 'truncated_normal');
export const LecunUniform = scaled('LecunUniform', 1, 'fan_in', 'uniform');
export const LecunNormal = scaled('LecunNormal', 1, 'fan_in', 'truncated_normal');

export interface OrthogonalOptions extends SeedOption {
  /** Factor of all values. Default 1. */
  gain?: number;
}

/** A random orthogonal matrix of all axes but the last by the last. Source: keras.initializers.Orthogonal. */
export const Orthogonal = initializer<OrthogonalOptions>('Orthogonal', {
  define: ({ gain = 1, seed }) => ({
    make(shape) {
      const [columns] = shape.slice(-1);
      if (columns === undefined || shape.length < 2)
        throw new ValueError(
          `The tensor to initialize must be at least two-dimensional. Received: shape=${pythonTuple(shape)} of rank ${shape.length}.`,
        );
      return orthonormal(sizeOf(shape) / columns, columns, randomOf(seed)).map((value) => gain * value);
    },
    config: { seed: toJson(seed), gain },
  }),
});

export interface IdentityOptions {
  /** The value on the diagonal. Default 1. */
  gain?: number;
}

/** `gain` where row and column are the same, 0 elsewhere. Source: keras.initializers.Identity, which hides its gain. */
export const Identity = initializer<IdentityOptions>('Identity', {
  define: ({ gain = 1 }) => ({
    make(shape) {
      const [, columns] = shape;
      if (columns === undefined || shape.length !== 2)
        throw new ValueError(
          `Identity matrix initializer can only be used for 2D matrices. Received: shape=${pythonTuple(shape)} of rank ${shape.length}.`,
        );
      return new Float32Array(sizeOf(shape)).map((_, at) =>
        Math.floor(at / columns) === at % columns ? gain : 0,
      );
    },
    config: {},
  }),
});

const classes = {
  Zeros,
  Ones,
  Constant,
  RandomUniform,
  RandomNormal,
  TruncatedNormal,
  VarianceScaling,
  GlorotUniform,
  GlorotNormal,
  HeUniform,
  HeNormal,
  LecunUniform,
  LecunNormal,
  Orthogonal,
  Identity,
} as const;

const aliases = { normal: RandomNormal, one: Ones, uniform: RandomUniform, zero: Zeros } as const;

type ClassName = keyof typeof classes;
export type InitializerName = ClassName | SnakeCase<ClassName> | keyof typeof aliases;

/** Every class by its name. */
export const initializerClasses: ReadonlyMap<string, InitializerClass<object>> = new Map(
  Object.entries<InitializerClass<object>>(classes),
);

const byName = new Map([
  ...Array.from(initializerClasses, ([name, type]) => [toSnakeCase(name), type] as const),
  ...initializerClasses,
  ...Object.entries<InitializerClass<object>>(aliases),
]);

/** The class of this name, which is Keras's, the same in snake case, or a short one. */
export const findInitializerClass = (name: string): InitializerClass<object> | undefined => byName.get(name);

/** Finds an initializer by Keras's name, with its defaults. @throws ValueError for an unknown name */
export function getInitializer(identifier: InitializerName | Initializer): Initializer {
  if (typeof identifier === 'object') return identifier;
  const found = findInitializerClass(identifier);
  if (found) return found();
  throw new ValueError(
    `Could not interpret initializer identifier: ${identifier}. Hint: one of ${[...initializerClasses.keys()].map(toSnakeCase).join(', ')}.`,
  );
}
