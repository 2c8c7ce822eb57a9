/** Seeded chance: the same seed tells the same story on every machine. */
export class Random {
  #state: number;

  /** @param seed any words or numbers; the stream depends on all of them, and on nothing else */
  constructor(...seed: readonly (string | number)[]) {
    this.#state = fnv1a(seed.join('/'));
  }

  /** A number in [low, high). Mulberry32, by Tommy Ettinger (public domain). */
  uniform(low = 0, high = 1): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return low + (high - low) * (((x ^ (x >>> 14)) >>> 0) / 2 ** 32);
  }

  /** A whole number from low to high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  choice<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }
}

/** The 32-bit FNV-1a hash of a string's UTF-16 units. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
