import { readFile, stat } from 'node:fs/promises';
import { ImageError } from '../../images/image.js';
import { resourceError, systemReason } from './system-error.js';

/** Node reads no larger files at once, and no picture of a sensible size needs one. */
const mostBytes = 2 ** 31 - 1;

/**
 * The bytes of a file that is said to be a picture.
 *
 * @throws ImageError where there is none, it may not be read, or it is a pipe or a device, which may never end;
 * ResourceError where too many files are open
 */
export async function readPicture(path: string): Promise<Uint8Array> {
  try {
    const entry = await stat(path);
    if (entry.isDirectory()) throw new ImageError('not an image', 'a folder that cannot be read');
    if (!entry.isFile()) throw new ImageError('not an image', 'neither a file nor a folder');
    if (entry.size > mostBytes)
      throw new ImageError('too large', `a file of ${(entry.size / 1e9).toFixed(1)} GB`);
    return await readFile(path);
  } catch (cause) {
    const shortage = resourceError(cause);
    if (shortage) throw shortage;
    if (/^(https?|data):/i.test(path))
      throw new ImageError('not an image', 'an address, where a file is wanted', {
        hint: 'download it first.',
        cause,
      });
    const reason = systemReason(cause);
    if (reason === undefined) throw cause;
    throw new ImageError('not an image', reasons[reason] ?? reason, { cause });
  }
}

/** Faults of a file, where the system's words do not follow 'Received:' well. */
const reasons: Readonly<Record<string, string>> = {
  'no such file or folder': 'no such file',
  'permission denied': 'a file that may not be read',
};
