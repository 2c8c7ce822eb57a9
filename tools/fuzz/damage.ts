/** Damages files: blindly, byte by byte, or in their configuration. */

/** Whole numbers from 0 to below a limit. */
export type Random = (below: number) => number;

export interface Mutant {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The same numbers for the same seed: mulberry32. */
export function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

export const oneOf = <T>(random: Random, items: readonly T[]): T => items[random(items.length)]!;

/** Damages bytes: bits, bytes, lengths, pieces, the end. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  // A copy: in Node, `slice` of a buffer is none.
  const out = new Uint8Array(bytes);
  const kinds: (() => Uint8Array)[] = [
    () => {
      for (let n = 1 + random(40); n > 0; n--) out[random(out.length)]! ^= 1 << random(8);
      return out;
    },
    () => {
      for (let n = 1 + random(6); n > 0; n--)
        out[random(Math.min(2048, out.length))] = [0, 1, 0x7f, 0x80, 0xff][random(5)]!;
      return out;
    },
    () => out.subarray(0, random(out.length)),
    () => {
      const from = random(out.length);
      out.copyWithin(random(out.length), from, from + random(400));
      return out;
    },
    () => {
      // A length, or an address.
      new DataView(out.buffer).setBigUint64(random(out.length - 8), BigInt(2 ** random(53)), true);
      return out;
    },
    () => {
      const junk = Array.from({ length: random(300) }, () => random(256));
      const at = random(out.length);
      return Uint8Array.from([...out.subarray(0, at), ...junk, ...out.subarray(at)]);
    },
  ];
  return kinds[random(kinds.length)]!();
}

export const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  1e308,
  2 ** 53,
  '',
  '../../etc/passwd',
  'x'.repeat(10_000),
  '__proto__',
  [],
  {},
  [[]],
  JSON.parse('{"__proto__": {"polluted": true}}'),
  JSON.parse(`${'['.repeat(400)}${']'.repeat(400)}`),
  ['dense', 0, 0],
];

/** Puts hostile values, or some from elsewhere in it, into a tree of objects. */
export function poison(root: unknown, random: Random): void {
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(root);
  for (let n = 1 + random(3); n > 0; n--) {
    const [holder, key] = oneOf(random, places);
    const [other, from] = oneOf(random, places);
    if (random(4) === 0) delete holder[key];
    else holder[key] = random(3) === 0 ? structuredClone(other[from] ?? null) : oneOf(random, hostile);
  }
}

/** The same in JSON; now and then, JSON without an end. */
export function poisonJson(config: string, random: Random): string {
  if (random(20) === 0) return `{"class_name": ${'['.repeat(random(200_000))}`;
  const root = JSON.parse(config);
  poison(root, random);
  return JSON.stringify(root);
}
