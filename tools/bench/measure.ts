import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** A way to do something; returns the seconds it took by its own account, or nothing to have it timed. */
export type Contender = () => Promise<number | undefined> | number | undefined;

/**
 * Times contenders by turns, A B C A B C …, so that whatever else the machine does meets all of them alike. Each runs
 * once before, unmeasured.
 *
 * @returns the seconds of each round, by contender
 */
export async function byTurns<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const seconds = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++)
    for (const name of names) {
      const began = performance.now();
      const own = await contenders[name]();
      const taken = own ?? (performance.now() - began) / 1000;
      if (round >= 0) seconds[name].push(taken);
    }
  return seconds;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The median of `slow / fast`, round by round. */
export const medianRatio = (slow: readonly number[], fast: readonly number[]): number =>
  median(slow.map((seconds, round) => seconds / fast[round]!));

/** Processor seconds that all threads of this process spend in `work`. */
export async function processorSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** What the numbers were taken on. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${model}, ${availableParallelism()} threads, ${memory}, ${process.platform} ${process.arch}, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)} at the start`;
}
