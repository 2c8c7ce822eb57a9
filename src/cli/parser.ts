import { createRequire } from 'node:module';
import type { Argv } from 'yargs';
import { printableLines } from '../printable.js';
import { describeError, exitCodes, UsageError } from './main.js';
import { readConfig } from './read-config.js';

/**
 * Settings of all commands: unknown options are mistakes, as are options that are given twice, and `--no-…` is a name
 * like any other.
 */
export const parserOptions = <T>(yargs: Argv<T>, args: readonly string[]): Argv<T> =>
  yargs
    .parserConfiguration({ 'boolean-negation': false })
    .strict()
    .recommendCommands()
    .check(() => {
      const name = repeatedOption(args);
      if (name !== undefined) throw new UsageError(`Expected ${name} once. Received: several.`);
      return true;
    }, true)
    .wrap(Math.min(110, process.stdout.columns ?? 100))
    .help()
    .alias('h', 'help')
    .version(ownVersion())
    .option('config', {
      requiresArg: true,
      type: 'string',
      config: true,
      configParser: readConfig,
      describe: 'JSON file with options by name, as {"epochs": 10}; those on the command line go before',
    })
    .option('quiet', {
      type: 'boolean',
      default: false,
      describe: 'Print results, warnings and errors alone, without progress',
    })
    .fail((message, error) => {
      if (message === nameACommand) {
        yargs.showHelp('error');
        process.exit(exitCodes.usage);
      }
      const told = error
        ? describeError(error)
        : `error: ${printableLines(message)}${suggestion(message, optionsOf(yargs))}`;
      process.stderr.write(`${told}\n${error ? '' : 'Try --help.\n'}`);
      process.exit(exitCodes.usage);
    });

/** yargs's message where no command was named: all are listed then. */
export const nameACommand = 'Name a command.';

/** This package's version; yargs would look for that of the program that starts it. */
const ownVersion = (): string =>
  (createRequire(import.meta.url)('../../../package.json') as { version: string }).version;

/** Stands for standard input, `-`, which yargs makes an empty text of. */
export const standardInput = '<stdin>';

/** Arguments without `--`, behind which yargs finds no files: those that look like options get `./` before them. */
export function withoutDashes(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const named = args.map((arg) => (arg === '-' ? standardInput : arg));
  if (end < 0) return named;
  return [
    ...named.slice(0, end),
    ...args.slice(end + 1).map((file) => (file.startsWith('-') ? `./${file}` : file)),
  ];
}

/** The first option that is there more than once: yargs makes a list of its values. */
function repeatedOption(args: readonly string[]): string | undefined {
  const names = args.filter((arg) => arg.startsWith('--')).map((arg) => arg.replace(/=.*$/s, ''));
  return names.find((name, i) => names.indexOf(name) < i);
}

/** `. Did you mean --epochs?`, where an unknown option is nearly a known one. */
function suggestion(message: string, options: readonly string[]): string {
  const unknown = /^Unknown arguments?: ([^, ]+)/.exec(message)?.[1];
  if (unknown === undefined) return '';
  const distances = options.map((name) => [distance(unknown, name), name] as const);
  const [nearest] = distances.sort(([a], [b]) => a - b);
  return nearest && nearest[0] <= Math.max(1, unknown.length / 3) ? `. Did you mean --${nearest[1]}?` : '';
}

/** The names that the command has declared; yargs tells them, its types do not. */
const optionsOf = (yargs: unknown): string[] =>
  Object.keys((yargs as { getOptions(): { key: object } }).getOptions().key);

/** Letters to add, drop or change to make one word of the other, where two that changed places count once. */
function distance(a: string, b: string): number {
  const table = new Map<string, number>();
  const at = (i: number, j: number): number =>
    i === 0 || j === 0 ? i + j : (table.get(`${i} ${j}`) ?? Number.POSITIVE_INFINITY);
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const steps = [at(i, j - 1) + 1, at(i - 1, j) + 1, at(i - 1, j - 1) + same];
      table.set(`${i} ${j}`, Math.min(...steps, ...(swapped ? [at(i - 2, j - 2) + 1] : [])));
    }
  return at(a.length, b.length);
}
