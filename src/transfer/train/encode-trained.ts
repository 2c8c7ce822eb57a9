import type { FitHeadResult } from '../../classifier/fit-head.js';
import type { StrangerModel } from '../../classifier/strangers.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import { ValueError } from '../../errors.js';
import type { Model } from '../../keras/models/model.js';
import { encodeKerasModel, encodeWeights } from '../../keras/saving/index.js';
import { describePictures } from '../convert/convert.js';
import type { Preparation } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import { toKerasClassifier } from './keras-classifier.js';
import type { Target } from './target.js';

export interface Trained extends Pick<FitHeadResult, 'fitted' | 'evaluation'> {
  readonly strangers: StrangerModel | null;
  readonly labels: readonly string[];
  readonly preparation: Preparation;
  /** The backbone as Keras's layers, where the file is one of Keras's. */
  readonly layers: Model | null;
}

/** Why a head of logistic regression cannot be one of Keras's files. */
export const noDenseHead =
  "Expected `head` 'article' with one of Keras's files, which hold dense layers. Received: 'logistic'. Hint: let `out` end in .onnx.";

/**
 * The bytes of the classifier in the format that was asked for. Keras's files hold neither labels nor how pictures are
 * prepared, so these are told.
 */
export async function encodeTrained(
  { layers, ...classifier }: Trained,
  { format, model: path }: Target,
  reporter: Reporter,
): Promise<Uint8Array> {
  const { fitted, ...rest } = classifier;
  if (!layers) return exportClassifier({ head: fitted, ...rest });
  const { labels, preparation } = rest;
  if (!fitted.dense) throw new ValueError(noDenseHead);
  const model = toKerasClassifier(layers, fitted.dense.model);
  const left = [
    ...(fitted.dense.temperature === 1 ? [] : [`the temperature ${fitted.dense.temperature.toFixed(2)}`]),
    ...(rest.strangers ? ['what tells pictures of other things'] : []),
  ];
  if (left.length > 0)
    reporter.info(`Keras's file holds the dense layers alone, without ${left.join(' and ')}.`);
  const { preprocessing } = preparation;
  for (const note of describePictures({ model, labels, preprocessing })) reporter.info(note);
  if (format === 'weights') return encodeWeights(model);
  return encodeKerasModel(model, path.endsWith('.keras') ? 'keras' : 'h5');
}
