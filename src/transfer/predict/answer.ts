import type { Prediction } from '../../classifier/classify.js';
import type { Face } from '../../images/faces.js';
import type { Found } from './answer-protocol.js';
import type { Doubt, FileResult } from './classify-protocol.js';

/** What a classifier says of a picture, or of a face in it. */
export interface Verdict {
  /** The likeliest class. Where `known` is false, only the nearest of those that the model knows. */
  readonly label: string;
  /** Of that class, from 0 to 1. */
  readonly probability: number;
  /**
   * False for a picture of another kind than the model was trained on, and for one without a face where the model looks
   * at faces. True, too, where the model cannot tell.
   */
  readonly known: boolean;
  /** Why `known` is false; `null` where it is true. */
  readonly reason: Doubt | null;
  /** How like the training pictures it is, a cosine from −1 to 1; `null` where the model cannot tell. */
  readonly familiarity: number | null;
  /** All classes, the likeliest first. */
  readonly predictions: readonly Prediction[];
  /** The face that was looked at; `null` where the model looks at whole pictures, or found none. */
  readonly face: Face | null;
}

/** What a classifier says of a picture. */
export interface Answer extends Verdict {
  /** Size of the upright picture in pixels, which boxes of faces are in. */
  readonly width: number;
  readonly height: number;
  /** One for each face that was looked at, the largest first: with `allFaces` all. Empty where there was none. */
  readonly faces: readonly Verdict[];
  /** Tells answers of `classifyMany` from failures. */
  readonly error?: undefined;
}

export function toAnswer({ width, height, results }: Found): Answer {
  const verdicts = results.map(toVerdict);
  const [first] = verdicts;
  if (!first) throw new Error('Expected a result for the picture. Received: none.');
  return { ...first, width, height, faces: verdicts.filter(({ face }) => face !== null) };
}

function toVerdict({ predictions, stranger, doubt, face }: FileResult): Verdict {
  const [best] = predictions;
  if (!best) throw new Error('Expected a model with classes. Received: one without.');
  return {
    ...best,
    known: doubt === null,
    reason: doubt,
    familiarity: stranger?.familiarity ?? null,
    predictions,
    face,
  };
}
