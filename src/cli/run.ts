/** Names of errors that are a user's to mend: their message says all. */
const mistakes = new Set([
  'DownloadError',
  'ExplainError',
  'FolderError',
  'Hdf5FormatError',
  'NpyFormatError',
  'TfjsFormatError',
  'ImageError',
  'MetadataError',
  'NoFaceError',
  'OnnxFormatError',
  'OpsetError',
  'PrecisionError',
  'ProviderError',
  'ServeError',
  'StrictError',
  'TrainingError',
  'UsageError',
  'ValueError',
]);

/** What can go wrong with files, in words. */
const systemErrors: Record<string, string> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a folder',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is there already',
};

/** A mistake in how a command was called. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * Runs a command. A user's mistake prints its message, anything else its stack; both exit with 1.
 *
 * @param command gets a signal that whoever reads the output has had enough, as `head` does: it should come to an
 * end, for a process that exits while its threads compute takes ONNX Runtime down with a crash
 */
export async function runCommand(
  command: (enough: AbortSignal) => Promise<number | undefined>,
): Promise<void> {
  const enough = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    enough.abort();
  });
  try {
    process.exitCode = (await command(enough.signal)) ?? 0;
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

/** What to tell of an error on the command line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `error: ${String(error)}`;
  if (mistakes.has(error.name)) return `error: ${error.message}`;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code !== undefined && systemErrors[code])
    return `error: ${path === undefined ? '' : `${path}: `}${systemErrors[code]}`;
  return error.stack ?? error.message;
}
