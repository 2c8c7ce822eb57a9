/** Pixels, row by row from the top left: H × W × channels bytes. */
import { UserError } from '../errors.js';
export interface Image {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: RGB, 4: RGBA. */
  readonly channels: 1 | 3 | 4;
  readonly data: Uint8Array;
}

/** The faults of a file that should be a picture. */
export type ImageFault = 'not an image' | 'too large' | 'truncated' | 'damaged' | 'unsupported';

const expected: Record<ImageFault, string> = {
  'not an image': 'Expected a picture',
  'too large': 'Expected a picture within the limit',
  truncated: 'Expected a whole picture',
  damaged: 'Expected an undamaged picture',
  unsupported: 'Expected a kind of picture that can be decoded',
};

/** A file that is not a picture, or not one that can be trusted. The message is one line. */
export class ImageError extends UserError {
  override name = 'ImageError';

  /**
   * @param fault its kind, for counting
   * @param received describes the file, in a few words
   */
  constructor(
    readonly fault: ImageFault,
    readonly received: string,
    { hint, cause }: { hint?: string; cause?: unknown } = {},
  ) {
    super(`${expected[fault]}. Received: ${received}.${hint ? ` Hint: ${hint}` : ''}`, { cause });
  }
}
