import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { ValueError } from '../../errors.js';

/** The parts of a `.keras` file. */
export interface KerasArchive {
  readonly metadata: string;
  readonly config: string;
  readonly weights: Uint8Array;
}

const names = { metadata: 'metadata.json', config: 'config.json', weights: 'model.weights.h5' } as const;

/** Keras stores files as they are; a file that grows further when it is unpacked is meant to do harm. */
const mostExpansion = 100;
const alwaysFine = 64 * 2 ** 20;

/** Whether the bytes start as a zip file does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

export function writeArchive({ metadata, config, weights }: KerasArchive): Uint8Array {
  const files = {
    [names.metadata]: strToU8(metadata),
    [names.config]: strToU8(config),
    [names.weights]: weights,
  };
  return zipSync(files, { level: 0, mtime: '1980-01-01T12:00:00' });
}

/**
 * Reads a `.keras` file. Other entries are not unpacked, and no path is followed.
 *
 * @throws ValueError when it is damaged, lacks a file, or one of them unpacks to far more than is stored
 */
export function readArchive(bytes: Uint8Array): KerasArchive {
  const wanted: readonly string[] = Object.values(names);
  const seen: string[] = [];
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter({ name, size, originalSize, compression }) {
        seen.push(name);
        if (!wanted.includes(name)) return false;
        if (compression !== 0 && compression !== 8)
          throw new ValueError(
            `Expected files in the .keras file that are stored or deflated. Received: '${name}', compressed by method ${compression} of zip. Hint: unzip it and zip it again, which deflates.`,
          );
        if (originalSize > alwaysFine && originalSize > mostExpansion * size)
          throw new ValueError(
            `Expected '${name}' to unpack to at most ${mostExpansion} times what is stored. Received: ${size} bytes that claim to be ${originalSize}. Hint: do not trust this file.`,
          );
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof ValueError) throw cause;
    throw new ValueError(
      `Expected a .keras file, which is a zip file. Received: ${bytes.length} bytes that are none, or not all of one (${(cause as Error).message}). Hint: the file may be cut short; fetch it again.`,
      { cause },
    );
  }
  const file = (name: string): Uint8Array => {
    const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
    if (bytes) return bytes;
    throw new ValueError(
      `Expected '${name}' in a .keras file. Received: ${seen.slice(0, 5).join(', ') || 'an empty zip file'}.`,
    );
  };
  return {
    metadata: strFromU8(file(names.metadata)),
    config: strFromU8(file(names.config)),
    weights: file(names.weights),
  };
}
