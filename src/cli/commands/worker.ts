import type { Argv, CommandModule } from 'yargs';
import { cacheFolder, openEngine } from '#platform';
import { runCommand, UsageError } from '../main.js';
import { type ArgumentsOf, checkWhole, engineOptions } from '../options.js';
import { printLines, tell } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  engineOptions(yargs)
    .option('queue', {
      requiresArg: true,
      type: 'string',
      default: process.env.ORT_TRANSFER_QUEUE,
      // A password must not be shown by --help.
      defaultDescription: '$ORT_TRANSFER_QUEUE',
      describe: 'Redis or Valkey: redis://host:6379, rediss://user:password@host:6379 with TLS',
    })
    .option('cache', {
      requiresArg: true,
      type: 'string',
      default: cacheFolder(),
      defaultDescription: '~/.cache/ort-transfer',
      describe: "Folder that keeps features, shared with 'ort-transfer features'",
    })
    .option('source', {
      requiresArg: true,
      type: 'string',
      describe: "Where the photos are on this machine [default: where 'ort-transfer features' has them]",
    })
    .option('workers', {
      requiresArg: true,
      type: 'number',
      describe: 'Threads [default: as many as there are processors]',
    })
    .option('lock-seconds', {
      requiresArg: true,
      type: 'number',
      default: 30,
      describe: 'Without a sign of life for so long, work goes to another worker',
    })
    .option('idle-seconds', {
      requiresArg: true,
      type: 'number',
      describe: 'End when there was nothing to do for so long [default: never]',
    })
    .check((args) => {
      if (args.queue === undefined)
        throw new UsageError(
          'Expected --queue or ORT_TRANSFER_QUEUE, like redis://host:6379. Received: neither.',
        );
      if (args.workers !== undefined) checkWhole('workers', args.workers, 1);
      for (const name of ['lock-seconds', 'idle-seconds'] as const) {
        const value = args[name];
        if (value !== undefined && !(value > 0 && Number.isFinite(value)))
          throw new UsageError(`Expected --${name} above 0. Received: ${value}.`);
      }
      return true;
    })
    .example('$0 worker --queue redis://host:6379 --cache /shared/cache', 'on each machine that is to help');

export const worker: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'worker',
  describe: "Compute features for 'ort-transfer features --queue', until it is ended",
  builder,
  handler: (args) =>
    runCommand(async () => {
      const { workOnShards } = await import('../../transfer/features/queue/work-on-shards.js');
      const { queue = '', cache, source, workers, lockSeconds, idleSeconds } = args;
      const engine = await openEngine({ engine: args.engine, provider: args.provider });
      const enough = new AbortController();
      for (const name of ['SIGINT', 'SIGTERM'] as const)
        process.once(name, () => {
          tell('Ending after the work at hand');
          enough.abort();
        });
      const { shards, computed } = await workOnShards(
        { queue, cache, source, workers, lockSeconds, idleSeconds, engine, signal: enough.signal },
        reporterFor(args),
      );
      printLines(`${shards} shards done, ${computed} photos computed`);
      return 0;
    }),
};
