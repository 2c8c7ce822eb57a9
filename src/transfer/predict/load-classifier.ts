import { decodeImage, readModel } from '#platform';
import { checkClassifier } from '../../classifier/check-classifier.js';
import { type Classified, Classifier, firstLine, type LookOptions } from '../../classifier/classify.js';
import { readFaceDetectorModel } from '../../classifier/face-detector.js';
import { withReject } from '../../classifier/strangers.js';
import type { Engine } from '../../engine/engine.js';
import { ValueError } from '../../errors.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { createFaceDetector } from '../../images/faces.js';
import type { Image } from '../../images/image.js';
import { isZip } from '../../keras/saving/archive.js';
import { isHdf5 } from '../../keras/saving/hdf5.js';
import { named, refuseOthers } from '../../named-options.js';

export interface ClassifyOptions extends Omit<LookOptions, 'strangers'> {
  /** The share of known pictures that may be turned away; 0: strangers are not told. Default: as the model was trained. */
  readonly reject?: number;
}

/** An exported model in a file, ready for pictures. Users know it as `Classifier`. */
export class FileClassifier extends Classifier {
  /**
   * Loads a model.
   *
   * @param model its path, or the bytes of its file
   * @throws MetadataError when it is no model of this project, OnnxFormatError when it is damaged
   */
  static async load(model: string | Uint8Array, engine: Engine): Promise<FileClassifier> {
    const [bytes, name] = typeof model === 'string' ? [await readModel(model), model] : [model, 'a model'];
    if (isZip(bytes) || isHdf5(bytes))
      throw new ValueError(
        `Expected an exported model, an .onnx file. Received: ${name}, a model of Keras. Hint: make one with 'ort-transfer convert ${name} ${name.replace(/\.\w+$/, '')}.onnx --labels labels.txt'.`,
      );
    const metadata = await checkClassifier(bytes);
    const session = await engine.load(bytes).catch((cause: Error) => {
      throw new OnnxFormatError(
        `Expected an undamaged model. Received: ${name}, which does not load: ${firstLine(cause)}`,
        { cause },
      );
    });
    const detector =
      metadata.preprocessing.crop === 'face'
        ? await createFaceDetector(engine, await readFaceDetectorModel())
        : null;
    return new FileClassifier({ metadata, session, detector, decode: decodeImage });
  }

  /** Refuses options that it does not know; a page's worker, whose options are its own, does without. */
  override classify(picture: Uint8Array | Image, options: ClassifyOptions = {}): Promise<Classified> {
    const { maxPixels, allFaces, reject, ...others } = named(options, 'classify');
    refuseOthers(others, 'classify', (probe) => this.classify(picture, probe));
    const { strangers = null } = this.metadata;
    const rule =
      reject === undefined || !strangers ? strangers : reject === 0 ? null : withReject(strangers, reject);
    return super.classify(picture, { maxPixels, allFaces, strangers: rule });
  }
}
