/** Words of the state, and the distance between the words that it combines. */
const LENGTH = 624;
const MIDDLE = 397;

/**
 * The 32-bit Mersenne Twister, MT19937, which NumPy's legacy stream and Python's `random` both draw from.
 *
 * Source: M. Matsumoto and T. Nishimura, Mersenne Twister, ACM TOMACS 8 (1998).
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(LENGTH);
  #position = LENGTH;

  /** Starts from one word, by Knuth's linear congruences: `init_genrand`. */
  seed(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < LENGTH; i++)
      state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
    this.#position = LENGTH;
  }

  /**
   * Starts from several words: `init_by_array`.
   *
   * @throws RangeError when there are none
   */
  seedFrom(key: ArrayLike<number>): void {
    if (key.length === 0) throw new RangeError('Seed must be non-empty');
    this.seed(19650218);
    const state = this.#state;
    let i = 1;
    const advance = () => {
      if (++i < LENGTH) return;
      state[0] = state[LENGTH - 1]!;
      i = 1;
    };
    const mixed = (factor: number) => state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), factor);
    for (let k = 0; k < Math.max(LENGTH, key.length); k++) {
      const j = k % key.length;
      state[i] = mixed(1664525) + key[j]! + j;
      advance();
    }
    for (let k = 0; k < LENGTH - 1; k++) {
      state[i] = mixed(1566083941) - i;
      advance();
    }
    state[0] = 0x80000000;
  }

  /** The words of the state, and the place among them. */
  getState(): { words: number[]; position: number } {
    return { words: [...this.#state], position: this.#position };
  }

  /** Goes on from there. */
  setState({ words, position }: { readonly words: readonly number[]; readonly position: number }): void {
    if (words.length !== LENGTH) throw new RangeError(`Expected ${LENGTH} words. Received: ${words.length}.`);
    this.#state.set(words);
    this.#position = position;
  }

  /** The next 32 random bits, as a number from 0 to 2³² − 1. */
  next(): number {
    if (this.#position === LENGTH) this.#twist();
    let word = this.#state[this.#position++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < LENGTH; i++) {
      const bits = (state[i]! & 0x80000000) | (state[(i + 1) % LENGTH]! & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % LENGTH]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}
