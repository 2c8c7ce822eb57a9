/** The calls between the studio and its worker, and the words that they share. */
import type { Evaluation } from '../../classifier/metrics.js';

/** The settings of a training. */
export interface Settings {
  /** Passes over the data. Default 10. */
  readonly epochs: number;
  /** Views in a training step. Default 16. */
  readonly batchSize: number;
  /** At the beginning; it falls to 0 at the end. Default 0.001. */
  readonly learningRate: number;
  /** Views of each picture to train on; all but the first are turned, moved, mirrored and lit at random. Default 2. */
  readonly views: number;
  /** The share of each class that is held back to check on. Default 0.2. */
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

/** The functions of the worker. */
export interface StudioCalls {
  /** Loads the backbone. */
  open(question: null): Promise<void>;
  /** Decodes a picture and embeds it. */
  look(picture: Blob): Promise<Look>;
  /** Trains a head on pictures that were looked at. */
  train(question: TrainQuestion, tell: (event: TrainEvent) => void): Promise<Trained>;
  /** Ends training after the epoch. */
  stop(question: null): void;
  /** Writes the model that was trained last as a `.keras` file. */
  encodeKeras(question: null): Promise<Uint8Array<ArrayBuffer>>;
}

export interface TrainQuestion {
  readonly classes: readonly TrainingClass[];
  readonly settings: Settings;
}

export type TrainEvent =
  /** More views are being embedded before training. */
  | { readonly type: 'prepared'; readonly done: number; readonly total: number }
  /** An epoch has ended, counted from 0. */
  | { readonly type: 'epoch'; readonly epoch: number; readonly logs: Readonly<Record<string, number>> };

export type StudioFault = 'no assets' | 'no runtime' | 'bad picture' | 'failed';

/** A picture as the worker saw it. */
export interface Look {
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** The part that the model is shown, small. */
  readonly thumbnail: ImageBitmap;
  /** Faces found; null where the model does not look at faces. */
  readonly faces: number | null;
  /** Whether the picture is of one colour, or nearly. */
  readonly flat: boolean;
}

/** The outcome of a training. */
export interface Trained {
  /** `model.onnx`. */
  readonly model: Uint8Array<ArrayBuffer>;
  /** On the pictures that were held back; `null` where there were none. */
  readonly evaluation: Evaluation | null;
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** The epoch whose weights were kept, counted from 1. */
  readonly bestEpoch: number;
  /** Seconds that the head took to train. */
  readonly seconds: number;
}
