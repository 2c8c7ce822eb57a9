import { named, refuseOthers } from '../named-options.js';
import { type Classification, Classifier, type ClassifyOptions, type LoadOptions } from './classifier.js';
import type { PictureSource } from './picture-source.js';

/**
 * `Classifier` as it is published: it refuses options that it does not know. The element, whose options are its own,
 * does without, which keeps the page small.
 */
export class NamedClassifier extends Classifier {
  /** @throws TypeError for options that are not known */
  constructor(model: string | URL | Blob, options: LoadOptions = {}) {
    const { onProgress, assets, provider, ...others } = named(options, 'Classifier');
    refuseOthers(others, 'Classifier', (probe) => new NamedClassifier(model, probe));
    super(model, { onProgress, assets, provider });
  }

  /** @throws TypeError for options that are not known; ClassifierError as `Classifier` does */
  override async classify(source: PictureSource, options: ClassifyOptions = {}): Promise<Classification> {
    const { explain, ...others } = named(options, 'classify');
    refuseOthers(others, 'classify', (probe) => this.classify(source, probe));
    return super.classify(source, { explain });
  }
}
