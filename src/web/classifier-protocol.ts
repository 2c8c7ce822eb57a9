/** The calls between the page and its worker, and the words that they share. */

import type { StrangerVerdict } from '../classifier/classify.js';
import type { ModelMetadata } from '../classifier/metadata.js';
import { UserError } from '../errors.js';
import type { Face } from '../images/faces/face.js';

/** The functions of the worker. */
export interface ClassifierCalls {
  /** Fetches the model and starts it; tells how much has come. */
  load(question: LoadQuestion, tell: (progress: Progress) => void): Promise<Loaded>;
  /** Looks at a picture, with the model that was loaded. */
  classify(question: ClassifyQuestion): Promise<Answer>;
  /** Draws a picture no larger than `side` pixels a side. Needs no model. */
  preview(question: { readonly picture: Blob; readonly side: number }): Promise<ImageBitmap>;
}

export interface LoadQuestion {
  /** Its address, or the file itself. */
  readonly model: string | Blob;
  /** Address of the folder of ONNX Runtime's files and the face detector. */
  readonly assets: string;
  readonly provider: WebProvider;
}

export interface Loaded {
  readonly metadata: ModelMetadata;
  /** The one that runs the model, which may be another than was asked for. */
  readonly provider: WebProvider;
}

export interface ClassifyQuestion {
  readonly picture: Blob | ImageBitmap;
  readonly explain: boolean;
}

/** The engine of the model: WebAssembly on the processor, or the graphics card. */
export type WebProvider = 'wasm' | 'webgpu';

/** A picture's probabilities, and where the model looked. */
export interface Answer {
  /** (C), in the order of the labels. */
  readonly probabilities: Float32Array;
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** In pixels of the picture, the one that was looked at first; only where the model crops faces. */
  readonly faces?: readonly Face[];
  /** Whether it is of the kind that the model was trained on; only where the model can tell. */
  readonly stranger?: StrangerVerdict;
  /** A layer to stretch over the upright picture; only where it was asked for and the model tells. */
  readonly heat?: ImageData;
}

/** How much of the model has come. */
export interface Progress {
  readonly received: number;
  /** Bytes in all; undefined where the server does not tell. */
  readonly total?: number;
}

/** The kind of a failure, as far as a visitor can do something about it. */
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
