/** Messages between `classifyFiles` and its threads. */

import type { EngineOptions } from '#platform';
import type { Prediction, StrangerVerdict } from '../../classifier/classify.js';
import type { Face } from '../../images/faces.js';
import type { Neighbour } from './neighbours.js';

/** Settings of a thread. */
export interface ClassifySetup {
  /** Path of an exported model. */
  readonly model: string;
  /** Default: ONNX Runtime, with one thread for each picture. */
  readonly engine?: EngineOptions;
  /** Pictures with more pixels are refused. Default 100 million. */
  readonly maxPixels?: number;
  /** Looks at every face rather than at the largest, where the model crops faces. Default false. */
  readonly allFaces?: boolean;
  /** Draws where the model looked over the copies in `save`. Default false. */
  readonly explain?: boolean;
  /** The share of known pictures that may be taken for something else; 0: strangers are not told. Default: as the model was trained. */
  readonly reject?: number;
  /**
   * How pictures of other things are told: `'far'`, `'near'`, where the model was trained to, or `'off'`: not at all, and
   * pictures without a face are given a class. Default: as the model was trained.
   */
  readonly unknown?: 'off' | 'far' | 'near';
  /** Finds the three training pictures that each result is most like, in the neighbours file beside the model. Default false. */
  readonly why?: boolean;
  /** Gives each result its embedding, and the hash of its file. Default false. */
  readonly embeds?: boolean;
}

export interface ClassifyItem {
  readonly path: string;
  /** The picture's file, where it is not read from the path. */
  readonly bytes?: Uint8Array;
  /** Where the labelled picture goes. */
  readonly saveAs: string | null;
}

/** Why the likeliest class is not the answer. */
export type Doubt = 'no face' | 'stranger';

/** One picture, or one face in it. */
export interface FileResult {
  /** In the order of the labels. */
  readonly probabilities: Float32Array;
  /** All classes, the likeliest first. */
  readonly predictions: readonly Prediction[];
  /** Whether it is of the kind that the model was trained on; `null` where the model cannot tell. */
  readonly stranger: StrangerVerdict | null;
  /** Why the classes are only the nearest: the model looks for faces and found none, or it knows no such pictures; `null` where they count. */
  readonly doubt: Doubt | null;
  /** The face's box in pixels: left, top, right, bottom; `null` where the whole picture, or its middle, was looked at. */
  readonly box: readonly [number, number, number, number] | null;
  /** The face itself. */
  readonly face: Face | null;
  /** Whether the model looks for faces and found none. */
  readonly lacksFace: boolean;
  /** Where `why` asked for them: the training pictures that it is most like, the most alike first. */
  readonly neighbours?: readonly Neighbour[];
  /** Where `embeds` asked for it: the features that the head judges by, (D), and the SHA-256 of the file. */
  readonly embedded?: { readonly embedding: Float32Array; readonly content: string };
}
