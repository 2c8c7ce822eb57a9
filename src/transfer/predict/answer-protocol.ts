/** Messages between a loaded classifier and its threads. */

import type { EngineOptions } from '#platform';
import type { Image } from '../../images/image.js';
import type { FileResult } from './classify-protocol.js';

/** Settings of a thread. */
export interface AnswerSetup {
  /** The bytes of an exported model. */
  readonly model: Uint8Array;
  readonly engine: EngineOptions;
}

export interface Question {
  /** A picture's path, its file's bytes, or its pixels as RGB. */
  readonly picture: string | Uint8Array | Image;
  /** Whether its features are wanted rather than its classes. */
  readonly embeds: boolean;
  readonly maxPixels?: number;
  readonly allFaces?: boolean;
  readonly reject?: number;
}

/** What was found in a picture. */
export interface Found {
  /** The features (D), where they were wanted. */
  readonly embedding: Float32Array | null;
  /** Size of the upright picture in pixels; 0 with an embedding. */
  readonly width: number;
  readonly height: number;
  /** One, or one for each face; none with an embedding. */
  readonly results: readonly FileResult[];
}
