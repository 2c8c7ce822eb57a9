import { resourceError, systemReason } from '#platform';
import { UserError } from '../errors.js';
import { printable, printableLines } from '../printable.js';
import { inFlags } from './flags.js';

/** A mistake in how a command was called. */
export class UsageError extends UserError {
  override name = 'UsageError';
}

/** How commands end: shells know 2 for a mistake in the call. */
export const exitCodes = { failed: 1, usage: 2 } as const;

/**
 * Runs a command. A user's mistake prints its message, anything else its stack; both exit with 1, a mistake in the call
 * with 2.
 *
 * @param command gets a signal that whoever reads the output has had enough, as `head` does: it should come to an
 * end, for a process that exits while its threads compute takes ONNX Runtime down with a crash
 */
export async function runCommand(
  command: (enough: AbortSignal) => Promise<number | undefined>,
): Promise<void> {
  const enough = new AbortController();
  const fail = (error: unknown) => {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
  };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    enough.abort();
    if (error.code !== 'EPIPE') fail(Object.assign(error, { path: 'standard output' }));
  });
  process.stderr.on('error', () => {}); // Nobody is left to be told.
  try {
    const code = (await command(enough.signal)) ?? 0;
    process.exitCode ||= code;
  } catch (error) {
    fail(error);
  }
}

/** An error in the words of the command line. */
export function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `error: ${String(thrown)}`;
  // Whatever came of it: where something ran out, that is to blame.
  const error = resourceError(thrown) ?? thrown;
  if (error instanceof UserError) return `error: ${printable(inFlags(error.message))}`;
  // yargs's, of an option without a value.
  if (error.name === 'YError') return `error: ${printableLines(error.message)}`;
  const reason = systemReason(error);
  const { path } = error as NodeJS.ErrnoException;
  if (reason !== undefined)
    return `error: ${path === undefined ? '' : `${printable(path) || "''"}: `}${reason}`;
  return printableLines(error.stack ?? error.message);
}
