/** What the page and its worker say to each other. */

import type { ModelMetadata } from '../classifier/metadata.js';
import { UserError } from '../errors.js';
import type { Face } from '../images/faces/face.js';

export type Request = { readonly id: number } & (
  | {
      readonly type: 'load';
      /** Its address, or the file itself. */
      readonly model: string | Blob;
      readonly assets: string;
      readonly provider: WebProvider;
    }
  | { readonly type: 'classify'; readonly picture: Blob | ImageBitmap; readonly explain: boolean }
  | { readonly type: 'preview'; readonly picture: Blob; readonly side: number }
);

export type Reply = { readonly id: number } & (
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'loaded'; readonly metadata: ModelMetadata; readonly provider: WebProvider }
  | ({ readonly type: 'classified' } & Answer)
  | { readonly type: 'previewed'; readonly bitmap: ImageBitmap }
  | { readonly type: 'failed'; readonly fault: Fault; readonly message: string }
);

/** What runs the model: WebAssembly on the processor, or the graphics card. */
export type WebProvider = 'wasm' | 'webgpu';

/** What a picture was taken for. */
export interface Answer {
  /** (C), in the order of the labels. */
  readonly probabilities: Float32Array;
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** In pixels of the picture, the one that was looked at first; only where the model crops faces. */
  readonly faces?: readonly Face[];
  /** A layer to stretch over the upright picture; only where it was asked for and the model tells. */
  readonly heat?: ImageData;
}

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
  /** The model wants a face, and there is none in the picture. */
  | 'no face'
  /** There is no camera, or it may not be used. */
  | 'no camera'
  /** Anything else. */
  | 'failed';

/** An error that says whose fault it is. */
export class ClassifierError extends UserError {
  override name = 'ClassifierError';

  constructor(
    readonly fault: Fault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
