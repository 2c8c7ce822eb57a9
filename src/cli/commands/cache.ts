import type { Argv, CommandModule } from 'yargs';
import { cacheFolder } from '#platform';
import type { CachedStore } from '../../transfer/features/cache-stores.js';
import { runCommand, UsageError } from '../main.js';
import type { ArgumentsOf } from '../options.js';
import { printJson, printLines } from '../terminal.js';

const cacheOptions = (yargs: Argv<object>) =>
  yargs
    .option('cache', {
      requiresArg: true,
      type: 'string',
      default: cacheFolder(),
      defaultDescription: '~/.cache/ort-transfer',
      describe: 'Folder that keeps features from run to run',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' });

const ls: CommandModule<object, ArgumentsOf<typeof cacheOptions>> = {
  command: 'ls',
  describe: 'List what is kept for each network',
  builder: cacheOptions,
  handler: (args) =>
    runCommand(async () => {
      const { listCache } = await import('../../transfer/features/cache-stores.js');
      const stores = await listCache(args.cache);
      if (args.json) printJson(stores);
      else if (stores.length === 0) printLines(`${args.cache}: nothing`);
      else printLines(...stores.map(describe));
      return 0;
    }),
};

const size: CommandModule<object, ArgumentsOf<typeof cacheOptions>> = {
  command: 'size',
  describe: 'Tell how large the cache is',
  builder: cacheOptions,
  handler: (args) =>
    runCommand(async () => {
      const { listCache } = await import('../../transfer/features/cache-stores.js');
      const stores = await listCache(args.cache);
      const total = { bytes: 0, rows: 0, networks: stores.length };
      for (const { bytes, rows } of stores) {
        total.bytes += bytes;
        total.rows += rows;
      }
      if (args.json) printJson(total);
      else printLines(`${args.cache}: ${formatBytes(total.bytes)}, ${total.rows} embeddings`);
      return 0;
    }),
};

const pruneOptions = (yargs: Argv<object>) =>
  cacheOptions(yargs)
    .option('unused-days', {
      requiresArg: true,
      type: 'number',
      describe: 'Remove what was neither written nor read for so many days',
    })
    .option('max-size', {
      requiresArg: true,
      type: 'string',
      describe: 'Remove what was not used for longest, until this size is left, like 500MB or 20GB',
    })
    .option('dry-run', { type: 'boolean', default: false, describe: 'Only tell what would be removed' })
    .check((args) => {
      const days = args['unused-days'];
      if (days !== undefined && !(days >= 0))
        throw new UsageError(`Expected --unused-days from 0. Received: ${days}.`);
      if (days === undefined && args['max-size'] === undefined)
        throw new UsageError('Expected --unused-days or --max-size. Received: neither.');
      if (args['max-size'] !== undefined) parseBytes(args['max-size']);
      return true;
    })
    .example('$0 cache prune --unused-days 90 --max-size 20GB', 'what a nightly job may do');

const prune: CommandModule<object, ArgumentsOf<typeof pruneOptions>> = {
  command: 'prune',
  describe: 'Remove what was not used for long; it is computed anew where it is wanted',
  builder: pruneOptions,
  handler: (args) =>
    runCommand(async () => {
      const { pruneCache } = await import('../../transfer/features/cache-stores.js');
      const { cache, unusedDays, maxSize, dryRun } = args;
      const maxBytes = maxSize === undefined ? undefined : parseBytes(maxSize);
      const pruned = await pruneCache(cache, { unusedDays, maxBytes, dryRun });
      const { bytes, left } = pruned;
      if (args.json) printJson(pruned);
      else
        printLines(
          `${cache}: ${formatBytes(bytes)} ${dryRun ? 'would be removed' : 'removed'}, ${formatBytes(left)} left`,
        );
      return 0;
    }),
};

export const cache: CommandModule<object, object> = {
  command: 'cache',
  describe: 'Look at the kept features, and remove old ones',
  builder: (yargs) =>
    yargs.command(ls).command(size).command(prune).demandCommand(1, 'Name one of ls, size and prune.'),
  handler: () => {},
};

/** `0123456789abcdef  1200 × 1024, 4.9 MB, used 2026-01-31 (224 × 224, face)` */
function describe({ name, facts, rows, features, bytes, used }: CachedStore): string {
  const made = facts ? ` (${facts.preprocessing.size.join(' × ')}, ${cropOf(facts.preprocessing.crop)})` : '';
  const when = used ? `, used ${used.toISOString().slice(0, 10)}` : '';
  return `${name}  ${rows} × ${features}, ${formatBytes(bytes)}${when}${made}`;
}

const cropOf = (crop: string): string => (crop === 'none' ? 'whole pictures' : `crop ${crop}`);

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

function formatBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${(bytes / 1000 ** power).toFixed(power > 0 ? 1 : 0)} ${units[power]}`;
}

/** `20GB` → 20e9. @throws UsageError for anything else */
function parseBytes(text: string): number {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?) ?([kKMGT]?B)?$/.exec(text) ?? [];
  if (number === undefined)
    throw new UsageError(`Expected --max-size like 500MB or 20GB. Received: ${text}.`);
  return Number(number) * 1000 ** units.indexOf(unit === 'KB' ? 'kB' : unit);
}
