/** A picture on its way from its file to an embedding. */
import { createHash } from 'node:crypto';
import { readPicture } from '#platform';
import { ImageError } from '../../images/image.js';

/** A file as it was read: the bytes that were hashed are the bytes that are decoded. */
export interface PictureFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly content: string;
}

/** Facts about a picture that are kept beside its embedding. */
export interface PictureFacts {
  /** Faces found, where they are looked for. */
  readonly faces: number | null;
  /** Whether all of it that the backbone sees is of one colour, or nearly. */
  readonly flat: boolean;
}

/** @throws ImageError where no picture can be read; ResourceError where too many files are open */
export async function readPictureFile(path: string): Promise<PictureFile> {
  const bytes = await readPicture(path);
  return { path, bytes, content: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * Reads a file once more.
 *
 * @throws ImageError where it holds something else by now
 */
export async function readSamePicture(path: string, content: string): Promise<PictureFile> {
  const file = await readPictureFile(path);
  if (file.content !== content) throw new ImageError('damaged', 'a file that was replaced in the meantime');
  return file;
}
