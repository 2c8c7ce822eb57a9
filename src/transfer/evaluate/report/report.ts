/** A report as plain data: all that `renderReport` puts on its page, and nothing of where it came from. */

import type { SkippedPicture } from '../../../classifier/dataset.js';
import type { SuspectLabel } from '../../../classifier/suspect-labels.js';

/** A small copy of a picture, or a layer that lies over one. */
export interface SmallPicture {
  /** Of its file, like `image/webp`. */
  readonly type: string;
  readonly bytes: Uint8Array;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
}

/** A model's answer about a picture that it was not trained on. */
export interface Answer {
  readonly path: string;
  /** Index of the class that the picture was given. */
  readonly label: number;
  /** (C) */
  readonly probabilities: ArrayLike<number>;
  /** Whether it passes for a picture of the kind that the model was trained on; absent where the model cannot tell. */
  readonly known?: boolean;
}

/** A picture as the model sees it. */
export interface CloseUp {
  /** The whole picture. */
  readonly photo: SmallPicture;
  /** The part that the model was shown; `null` where it was all of the picture. */
  readonly part: {
    readonly image: SmallPicture;
    /** Its corners in the photo, as shares of its width and height, one after the other. */
    readonly corners: readonly (readonly [x: number, y: number])[];
  } | null;
  /** A layer of heat for the part, or for the photo where there is none: where the model looked. `null` where it does not tell. */
  readonly heat: SmallPicture | null;
  /** A sentence on it. Default: none. */
  readonly note?: string;
}

/** How pictures of other things are told. */
export interface StrangersReport {
  /** `'far'` looks at familiarity alone, `'near'` also at how sure the head is. */
  readonly mode: 'far' | 'near';
  /** From this score on a picture counts as known. */
  readonly threshold: number;
  /** Scores of pictures of the classes. */
  readonly known: readonly number[];
  /** Pictures of other things, with their scores; `null` where there are none. */
  readonly strange: readonly { readonly path: string; readonly score: number }[] | null;
  /** The folder of pictures of other things. Default: none. */
  readonly folder?: string;
}

/** Two pictures of probably the same thing, one of which the model was trained on while it was asked about the other. */
export interface LeakedPair {
  /** Path of the picture that was asked about. */
  readonly a: string;
  /** Path of the picture in training. */
  readonly b: string;
  /** Cosine of their embeddings, from −1 to 1. */
  readonly similarity: number;
}

export interface Leakage {
  /** The most similar first. */
  readonly pairs: readonly LeakedPair[];
  /** On the pictures that are in no pair; `null` where there are none. */
  readonly without: { readonly samples: number; readonly accuracy: number } | null;
}

/** Facts under one heading. */
export interface FactGroup {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
}

export interface Report {
  /** Where the answers come from: a folder of its own, pictures left out in turn, or pictures held back. */
  readonly kind: 'test' | 'folds' | 'validation';
  /** The folder of the pictures. Paths in it are shown without it. */
  readonly folder: string;
  /** Path of the model's file. */
  readonly model: string;
  /** When it was made. */
  readonly date: Date;
  /** Of this package. */
  readonly version: string;
  /** The classes, in the order of the probabilities. */
  readonly labels: readonly string[];
  readonly answers: readonly Answer[];
  /** By path, of answers and of all else that is shown; `null` where pictures are to be left out. */
  readonly thumbnails: ReadonlyMap<string, SmallPicture> | null;
  /** By path: of the worst errors and of the least sure right answers, as `chooseCloseUps` has them. */
  readonly closeUps: ReadonlyMap<string, CloseUp>;
  /** Why the model does not tell where it looked; `null` where it does. */
  readonly noHeat: string | null;
  /** Training pictures of each class; `null` where that is not known. */
  readonly counts: readonly number[] | null;
  readonly strangers: StrangersReport | null;
  /** One value an epoch, as Keras names them; `null` where that is not known. */
  readonly history: Readonly<Record<string, readonly number[]>> | null;
  /** The epoch whose weights were kept, counted from 1; 0 where there is none. */
  readonly bestEpoch: number;
  /** Pictures whose class may be wrong, the likeliest first. Default: not looked for. */
  readonly suspectLabels?: readonly SuspectLabel[];
  /** Pictures that are in training, too, or nearly. Default: not looked for. */
  readonly leakage?: Leakage;
  /** Pictures that could not be used. */
  readonly skipped: readonly SkippedPicture[];
  /** About the model and its data. */
  readonly facts: readonly FactGroup[];
}
