/** The calls between the studio and its worker, and the words that they share. */
import type { Evaluation } from '../../classifier/metrics.js';
import type { PackedHead } from '../../classifier/pack-head.js';
import type { StrangerRule } from '../../classifier/strangers.js';

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
  /** As `fitHead` takes it. Default `'auto'`. */
  readonly head: 'auto' | 'article' | 'logistic';
  /** Parts of the pictures that are left out in turn to find out how well it does; 0 for none. Default 3. */
  readonly folds: number;
  /** Whether it tells pictures of other things. Default `'far'`, which says so. */
  readonly unknown: 'off' | 'far';
  /** `'flat'` takes out of the answers how often each class was seen in training. Default `'data'`. */
  readonly prior: 'data' | 'flat';
}

export const defaultSettings: Settings = {
  epochs: 10,
  batchSize: 16,
  learningRate: 0.001,
  views: 2,
  head: 'auto',
  folds: 3,
  unknown: 'far',
  prior: 'data',
};

/** Those of settings from elsewhere that are known and of the right type, and the defaults of the rest. */
export function readSettings(found: unknown): Settings {
  const given = new Map(typeof found === 'object' && found !== null ? Object.entries(found) : []);
  const entries = Object.entries(defaultSettings).map(([name, value]) => {
    const other: unknown = given.get(name);
    const isFit = typeof other === typeof value && (typeof other !== 'number' || Number.isFinite(other));
    return [name, isFit ? other : value];
  });
  return Object.fromEntries(entries) as Settings;
}

/** A class as the worker trains on it. */
export interface TrainingClass {
  readonly name: string;
  /** Hashes of the pictures, as `look` told them. */
  readonly pictures: readonly string[];
}

/** The functions of the worker. */
export interface StudioCalls {
  /** Loads the backbone. */
  open(question: null): Promise<void>;
  /** Decodes a picture and embeds it. */
  look(picture: Blob): Promise<Look>;
  /** Forgets all pictures but these. @returns those of them that must be looked at first */
  keepOnly(contents: readonly string[]): readonly string[];
  /** Trains a head on pictures that were looked at. @returns `null` when it was stopped before there was a model */
  train(question: TrainQuestion, tell: (event: TrainEvent) => void): Promise<Trained | null>;
  /** Ends a training: at once while there is no model, after the epoch while there is. */
  stop(run: number): void;
  /** Writes a model anew with another rule for what counts as known. */
  changeRule(question: {
    readonly file: Blob;
    readonly rule: StrangerRule;
  }): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes a head that was trained, with the backbone, as a `.keras` file. */
  encodeKeras(trained: Pick<Trained, 'head' | 'backbone'>): Promise<Uint8Array<ArrayBuffer>>;
}

export interface TrainQuestion {
  readonly classes: readonly TrainingClass[];
  readonly settings: Settings;
  /** A number for this training alone, for `stop`. */
  readonly run: number;
}

export type TrainEvent =
  /** More views are being embedded before training. */
  | { readonly type: 'prepared'; readonly done: number; readonly total: number }
  /** Pictures are left out, to find out how well it does: the share of that which is done. */
  | { readonly type: 'checked'; readonly share: number }
  /** An epoch has ended, counted from 0. */
  | { readonly type: 'epoch'; readonly epoch: number; readonly logs: Readonly<Record<string, number>> };

export type StudioFault = 'no assets' | 'no runtime' | 'bad picture' | 'failed';

/** A picture as the worker saw it. */
export interface Look {
  /** SHA-256 of the file, in hexadecimal. */
  readonly content: string;
  /** The part that the model is shown, small, as a JPEG file. */
  readonly thumbnail: Blob;
  /** Faces found; null where the model does not look at faces. */
  readonly faces: number | null;
  /** Whether the picture is of one colour, or nearly. */
  readonly flat: boolean;
}

/** What models that were trained without a picture say of it. */
export interface Guess {
  /** Hash of the picture. */
  readonly content: string;
  /** Index of its class. */
  readonly label: number;
  /** (C) */
  readonly probabilities: Float32Array;
  /** How like the other pictures it is; `null` where that was not asked. */
  readonly familiarity: number | null;
}

/** The outcome of a training. */
export interface Trained {
  /** `model.onnx`. */
  readonly model: Uint8Array<ArrayBuffer>;
  readonly head: PackedHead;
  /** Which weights the head belongs to. */
  readonly backbone: string;
  /** The classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  /** On the pictures that were left out; `null` where there were none, or training was stopped. */
  readonly evaluation: Evaluation | null;
  /** One of each picture that was left out. */
  readonly guesses: readonly Guess[];
  /** When a picture counts as known; `null` where the model cannot tell. */
  readonly rule: StrangerRule | null;
  /** Epochs of the dense layers; 0 without them. */
  readonly epochs: number;
  /** Whether it was stopped before the last epoch. */
  readonly isStopped: boolean;
}
