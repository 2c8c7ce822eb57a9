/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A line of the table: the comparison and its result. */
export type Row = readonly [what: string, result: string];

/**
 * Runs competitors in turn, A B C A B C …, after one round that does not count, so that a machine whose speed drifts
 * is equally fast for all.
 *
 * @param clock milliseconds since whenever
 * @returns the median milliseconds of each
 */
export async function inTurn<Name extends string>(
  competitors: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
  clock = () => performance.now(),
): Promise<Record<Name, number>> {
  const names = Object.keys(competitors) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const began = clock();
      await competitors[name]();
      if (round > 0) times[name].push(clock() - began);
    }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<Name, number>;
}
