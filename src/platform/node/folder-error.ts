import { UserError } from '../../errors.js';
import { resourceError } from './system-error.js';

/** A folder that holds no pictures to learn from. */
export class FolderError extends UserError {
  override name = 'FolderError';
  /** Files that were passed over. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];

  constructor(
    readonly folder: string,
    readonly received: string,
    { hint, cause, skipped = [] }: { hint?: string; cause?: unknown; skipped?: FolderError['skipped'] } = {},
  ) {
    super(
      `Expected a folder with one sub-folder of pictures per class. Received: ${folder}, ${received}.${hint ? ` Hint: ${hint}` : ''}`,
      { cause },
    );
    this.skipped = skipped;
  }
}

/**
 * The error of a folder that the system does not let us read.
 *
 * @throws ResourceError where too many files are open
 */
export function unreadable(folder: string, cause: unknown): FolderError {
  const shortage = resourceError(cause);
  if (shortage) throw shortage;
  if (cause instanceof FolderError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOENT: 'which does not exist',
    ENOTDIR: 'which is a file',
    EACCES: 'which may not be read',
    EPERM: 'which may not be read',
    ELOOP: 'a link that leads in circles',
  };
  return new FolderError(folder, reasons[code ?? ''] ?? `which cannot be read (${code})`, { cause });
}
