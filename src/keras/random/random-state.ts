import { ValueError } from '../../errors.js';
import { MersenneTwister } from './mersenne-twister.js';

/** The start of a stream: an integer, several integers, or `null` for fresh entropy. */
export type Seed = number | readonly number[] | null;

/** The state of a stream, as NumPy's `get_state(legacy=False)` has it. */
export interface RandomStream {
  /** Words of the Mersenne Twister. */
  readonly key: readonly number[];
  readonly pos: number;
  /** The second normal value of a pair; `null` where there is none. */
  readonly gauss: number | null;
}

/**
 * NumPy's legacy random stream: `numpy.random.RandomState`, value for value.
 *
 * Draws come from the 32-bit Mersenne Twister (Matsumoto and Nishimura, 1998). NumPy promises that this stream will
 * never change, which is why Keras's image augmentation can be repeated outside Python. Where NumPy takes a shape,
 * these methods take a number of draws, and return one value where none is given.
 *
 * @example
 * new RandomState(42).uniform(-20, 20); // -5.018…, as np.random.RandomState(42).uniform(-20, 20)
 */
export class RandomState {
  readonly #twister = new MersenneTwister();
  /** The second normal value of a pair, kept for the next call. */
  #gauss: number | undefined;

  /** @param entropy gives the words that seed the stream where `seed` is null */
  constructor(
    seed: Seed = null,
    private readonly entropy: () => ArrayLike<number> = systemEntropy,
  ) {
    this.seed(seed);
  }

  /**
   * Starts the stream anew.
   *
   * @throws ValueError when a number is not an integer from 0 to 2³² − 1
   */
  seed(seed: Seed = null): void {
    if (typeof seed === 'number') this.#twister.seed(checkSeed(seed));
    else this.#twister.seedFrom(seed === null ? this.entropy() : seed.map(checkSeed));
    this.#gauss = undefined;
  }

  /** The state of the stream, from which another goes on alike. */
  getState(): RandomStream {
    const { words, position } = this.#twister.getState();
    return { key: words, pos: position, gauss: this.#gauss ?? null };
  }

  /** Goes on from a state of `getState`. */
  setState({ key, pos, gauss }: RandomStream): void {
    this.#twister.setState({ words: key, position: pos });
    this.#gauss = gauss ?? undefined;
  }

  /** Uniform in [0, 1), from 53 random bits. */
  random(): number {
    const high = this.#twister.next() >>> 5;
    const low = this.#twister.next() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  randomSample(): number;
  randomSample(size: number): Float64Array;
  randomSample(size?: number): number | Float64Array {
    return draw(size, () => this.random());
  }

  /** Uniform in [low, high). */
  uniform(low?: number, high?: number): number;
  uniform(low: number, high: number, size: number): Float64Array;
  uniform(low = 0, high = 1, size?: number): number | Float64Array {
    if (!Number.isFinite(high - low)) throw new RangeError('Range exceeds valid bounds');
    return draw(size, () => low + (high - low) * this.random());
  }

  /**
   * Normally distributed, by Marsaglia's polar method, whose values come in pairs.
   *
   * The one method that may differ from NumPy's in the last bit: it takes a logarithm, which C and JavaScript round
   * differently now and then.
   */
  normal(mean?: number, deviation?: number): number;
  normal(mean: number, deviation: number, size: number): Float64Array;
  normal(mean = 0, deviation = 1, size?: number): number | Float64Array {
    if (deviation < 0) throw new ValueError('scale < 0');
    return draw(size, () => mean + deviation * this.#standardNormal());
  }

  /** An integer from [0, low), or from [low, high). The range may span 2³² values. */
  randint(low: number, high?: number): number;
  randint(low: number, high: number, size: number): Float64Array;
  randint(low: number, high?: number, size?: number): number | Float64Array {
    const [first, end] = high === undefined ? [0, Math.floor(low)] : [low, Math.floor(high)];
    if (end <= first) throw new ValueError(high === undefined ? 'high <= 0' : 'low >= high');
    return draw(size, () => first + this.#bounded(end - first - 1));
  }

  /**
   * Draws from `0 … a − 1`, or from the elements of `a`.
   *
   * @param options.replace whether a value may be drawn twice. Default true
   * @param options.p the probability of each value. Default: all alike
   * @throws ValueError when there is nothing to draw from, or `p` is no distribution over it
   */
  choice(a: number): number;
  choice<T>(a: readonly T[]): T;
  choice(a: number, size: number, options?: ChoiceOptions): number[];
  choice<T>(a: readonly T[], size: number, options?: ChoiceOptions): T[];
  choice<T>(a: number | readonly T[], size?: number, { replace = true, p }: ChoiceOptions = {}) {
    const population = typeof a === 'number' ? a : a.length;
    if (!Number.isInteger(population)) throw new ValueError('a must be 1-dimensional or an integer');
    if (population <= 0) throw new ValueError('a must be greater than 0 unless no samples are taken');
    const count = size ?? 1;
    if (!replace && count > population)
      throw new ValueError("Cannot take a larger sample than population when 'replace=False'");
    if (p) checkProbabilities(p, population);
    const drawn = this.#indices(population, count, replace, p);
    const values = typeof a === 'number' ? drawn : drawn.map((i) => a[i] as T);
    return size === undefined ? values[0] : values;
  }

  /** A shuffled copy of `x`, or of `0 … x − 1`. */
  permutation(x: number): number[];
  permutation<T>(x: readonly T[]): T[];
  permutation<T>(x: number | readonly T[]): number[] | T[] {
    const values = typeof x === 'number' ? Array.from({ length: x }, (_, i) => i) : [...x];
    this.shuffle(values as T[]);
    return values as T[];
  }

  /** Shuffles in place (Fisher and Yates, from the end). */
  shuffle<T>(values: T[] | { [index: number]: T; readonly length: number }): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.#bounded(i);
      [values[i], values[j]] = [values[j] as T, values[i] as T];
    }
  }

  #indices(population: number, count: number, replace: boolean, p?: readonly number[]): number[] {
    if (!p) {
      if (!replace) return this.permutation(population).slice(0, count);
      return Array.from({ length: count }, () => this.#bounded(population - 1));
    }
    if (replace) {
      const cumulative = cumulate(p);
      return Array.from({ length: count }, () => locate(cumulative, this.random()));
    }
    const found = new Set<number>();
    while (found.size < count) {
      const cumulative = cumulate(p.map((probability, i) => (found.has(i) ? 0 : probability)));
      const draws = Array.from({ length: count - found.size }, () => this.random());
      for (const value of draws) found.add(locate(cumulative, value));
    }
    return [...found];
  }

  #standardNormal(): number {
    if (this.#gauss !== undefined) {
      const value = this.#gauss;
      this.#gauss = undefined;
      return value;
    }
    let x: number;
    let y: number;
    let square: number;
    do {
      x = 2 * this.random() - 1;
      y = 2 * this.random() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    this.#gauss = factor * x;
    return factor * y;
  }

  /** An integer in [0, max], by drawing as many bits as `max` has until they fit. */
  #bounded(max: number): number {
    if (max === 0) return 0;
    if (max > 0xffffffff)
      throw new RangeError(`Expected a range of at most 2³² values. Received: ${max + 1}.`);
    const mask = 0xffffffff >>> Math.clz32(max);
    let value: number;
    do value = (this.#twister.next() & mask) >>> 0;
    while (value > max);
    return value;
  }
}

export interface ChoiceOptions {
  /** Whether a value may be drawn twice. Default: true. */
  replace?: boolean;
  /** The probability of each value. Default: all alike. */
  p?: readonly number[];
}

const systemEntropy = () => crypto.getRandomValues(new Uint32Array(8));

const draw = (size: number | undefined, next: () => number) =>
  size === undefined ? next() : Float64Array.from({ length: size }, next);

function checkSeed(seed: number): number {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new ValueError(`Seed must be between 0 and 2**32 - 1. Received: ${seed}.`);
  return seed;
}

function checkProbabilities(p: readonly number[], population: number): void {
  if (p.length !== population) throw new ValueError("'a' and 'p' must have same size");
  if (p.some((value) => value < 0)) throw new ValueError('probabilities are not non-negative');
  const sum = p.reduce((total, value) => total + value, 0);
  if (!(Math.abs(sum - 1) <= 1e-8)) throw new ValueError('probabilities do not sum to 1');
}

/** Running sums, divided by the last so that they end in 1. */
function cumulate(p: readonly number[]): number[] {
  let sum = 0;
  const sums = p.map((value) => {
    sum += value;
    return sum;
  });
  return sums.map((value) => value / sum);
}

/** The first index whose running sum exceeds `value`. */
const locate = (cumulative: readonly number[], value: number) => cumulative.findIndex((sum) => sum > value);
