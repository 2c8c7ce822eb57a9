import type { TrainedHead } from '../../classifier/head.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import type { Model } from '../../keras/models/model.js';
import { encodeKerasModel, encodeWeights } from '../../keras/saving/index.js';
import { describePictures } from '../convert/convert.js';
import type { Preparation } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import { toKerasClassifier } from './keras-classifier.js';
import type { Target } from './target.js';

export interface Trained extends Pick<TrainedHead, 'head' | 'evaluation'> {
  readonly labels: readonly string[];
  readonly preparation: Preparation;
  /** The backbone as Keras's layers, where the file is one of Keras's. */
  readonly layers: Model | null;
}

/**
 * The bytes of the classifier in the format that was asked for. Keras's files hold neither labels nor how pictures are
 * prepared, so these are told.
 */
export async function encodeTrained(
  { layers, ...classifier }: Trained,
  { format, model: path }: Target,
  reporter: Reporter,
): Promise<Uint8Array> {
  if (!layers) return exportClassifier(classifier);
  const { head, labels, preparation } = classifier;
  const model = toKerasClassifier(layers, head);
  const { preprocessing } = preparation;
  for (const note of describePictures({ model, labels, preprocessing })) reporter.info(note);
  if (format === 'weights') return encodeWeights(model);
  return encodeKerasModel(model, path.endsWith('.keras') ? 'keras' : 'h5');
}
