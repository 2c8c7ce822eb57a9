/** What the studio and its worker say to each other. */
import type { Evaluation } from '../../classifier/metrics.js';

/** What can be set before training. */
export interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  /** At the beginning; it falls to 0 at the end. */
  readonly learningRate: number;
  /** How many views of each picture to train on; all but the first are turned, moved, mirrored and lit at random. */
  readonly views: number;
  /** The share of each class that is held back to check on. */
  readonly validationSplit: number;
}

export const defaultSettings: Settings = {
  epochs: 10,
  batchSize: 16,
  learningRate: 0.001,
  views: 2,
  validationSplit: 0.2,
};

/** A class as the worker trains on it. */
export interface TrainingClass {
  readonly name: string;
  /** Hashes of the pictures, as `looked` told them. */
  readonly pictures: readonly string[];
}

export type Request = { readonly id: number } & (
  | { readonly type: 'open' }
  /** Decodes a picture and embeds it. */
  | { readonly type: 'look'; readonly picture: Blob }
  | { readonly type: 'train'; readonly classes: readonly TrainingClass[]; readonly settings: Settings }
  /** Ends training after the epoch. */
  | { readonly type: 'stop' }
  /** Writes what was trained last as a `.keras` file. */
  | { readonly type: 'keras' }
);

export type Reply = { readonly id: number } & (
  | { readonly type: 'opened' }
  | ({ readonly type: 'looked' } & Look)
  /** More views are being embedded before training. */
  | { readonly type: 'prepared'; readonly done: number; readonly total: number }
  | { readonly type: 'epoch'; readonly epoch: number; readonly logs: Readonly<Record<string, number>> }
  | ({ readonly type: 'trained' } & Trained)
  | { readonly type: 'stopped' }
  | { readonly type: 'keras'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'failed'; readonly fault: StudioFault; readonly message: string }
);

export type StudioFault = 'no assets' | 'no runtime' | 'bad picture' | 'failed';

/** What was seen in a picture. */
export interface Look {
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** What the model is shown, small. */
  readonly thumbnail: ImageBitmap;
  /** Faces found, where the model looks at faces. */
  readonly faces: number | null;
}

/** What came of training. */
export interface Trained {
  /** `model.onnx`. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** On the pictures that were held back; `null` where there were none. */
  readonly evaluation: Evaluation | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
  /** What training the head took, in seconds. */
  readonly seconds: number;
}
