import type { Argv } from 'yargs';
import { describeError } from './run.js';

/** What all commands have in common: unknown options are mistakes, `--no-…` is a name like any other. */
export const parserOptions = <T>(yargs: Argv<T>): Argv<T> =>
  yargs
    .parserConfiguration({ 'boolean-negation': false })
    .strict()
    .recommendCommands()
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .help()
    .alias('h', 'help')
    .version()
    .fail((message, error) => {
      process.stderr.write(error ? `${describeError(error)}\n` : `error: ${message}\nTry --help.\n`);
      process.exit(1);
    });
