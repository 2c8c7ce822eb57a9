/** What the page and its worker say to each other. */
import type { ModelMetadata } from '../graph/metadata.js';

export type Request = { readonly id: number } & (
  | { readonly type: 'load'; readonly model: string; readonly runtime: string }
  | { readonly type: 'classify'; readonly picture: Blob }
);

export type Reply = { readonly id: number } & (
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'loaded'; readonly metadata: ModelMetadata }
  | { readonly type: 'classified'; readonly probabilities: Float32Array }
  | { readonly type: 'failed'; readonly fault: Fault; readonly message: string }
);

/** How much of the model has come. */
export interface Progress {
  readonly received: number;
  /** Bytes in all; undefined where the server does not tell. */
  readonly total?: number;
}

/** What went wrong, as far as a visitor can do something about it. */
export type Fault =
  /** The server has no such model, or cannot be reached. */
  | 'no model'
  /** The file is not a model that can be used here. */
  | 'wrong model'
  /** ONNX Runtime did not start. */
  | 'no runtime'
  /** The file is not a picture that can be read. */
  | 'bad picture'
  /** Anything else. */
  | 'failed';

/** An error that says whose fault it is. */
export class ClassifierError extends Error {
  override name = 'ClassifierError';

  constructor(
    readonly fault: Fault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
