import { MersenneTwister } from './mersenne-twister.js';

/**
 * The part of Python's `random` that Keras uses, value for value: `fit` shuffles the order of a data set's batches.
 *
 * @example
 * new PythonRandom(3).shuffle([0, 1, 2, 3]); // as random.seed(3); random.shuffle(…)
 */
export class PythonRandom {
  readonly #twister = new MersenneTwister();

  /** @param seed a whole number from 0 to 2³² − 1 */
  constructor(seed: number) {
    this.seed(seed);
  }

  /** Starts the stream anew: `random.seed`. */
  seed(seed: number): void {
    this.#twister.seedFrom([seed]);
  }

  /** Shuffles in place: `random.shuffle`. */
  shuffle(values: unknown[]): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.#below(i + 1);
      [values[i], values[j]] = [values[j], values[i]];
    }
  }

  /** A whole number from `low` to `high`, both included: `random.randint`. */
  randint(low: number, high: number): number {
    return low + this.#below(high - low + 1);
  }

  /** A whole number below `end`, which is at most 2³² − 1. */
  #below(end: number): number {
    const unused = Math.clz32(end);
    let value: number;
    do value = this.#twister.next() >>> unused;
    while (value >= end);
    return value;
  }
}
