import { decodeImage, readModel } from '#platform';
import { checkClassifier } from '../../classifier/check-classifier.js';
import {
  type Classified,
  Classifier,
  firstLine,
  type LookOptions,
  type Result,
} from '../../classifier/classify.js';
import { cutOut } from '../../classifier/cut-out.js';
import { readFaceDetectorModel } from '../../classifier/face-detector.js';
import type { ModelMetadata } from '../../classifier/metadata.js';
import { asFar, type StrangerRule, withReject } from '../../classifier/strangers.js';
import type { Engine } from '../../engine/engine.js';
import { ValueError } from '../../errors.js';
import { OnnxFormatError } from '../../graph/onnx-format-error.js';
import { tensor } from '../../graph/tensor.js';
import { createFaceDetector } from '../../images/faces.js';
import type { Image } from '../../images/image.js';
import { isZip } from '../../keras/saving/archive.js';
import { isHdf5 } from '../../keras/saving/hdf5.js';
import { named, refuseOthers } from '../../named-options.js';
import type { FileResult } from './classify-protocol.js';

export interface ClassifyOptions extends Omit<LookOptions, 'strangers'> {
  /** The share of known pictures that may be turned away; 0: strangers are not told. Default: as the model was trained. */
  readonly reject?: number;
  /** How pictures of other things are told; `'off'`: not at all. Default: as the model was trained. */
  readonly unknown?: 'off' | 'far' | 'near';
}

/** An exported model in a file, ready for pictures. */
export class FileClassifier extends Classifier {
  /**
   * Loads a model.
   *
   * @param model its path, or the bytes of its file
   * @param options.embeds whether `embed` is to work. Default false.
   * @throws MetadataError when it is no model of this project, OnnxFormatError when it is damaged
   */
  static async load(
    model: string | Uint8Array,
    engine: Engine,
    { embeds = false }: { embeds?: boolean } = {},
  ): Promise<FileClassifier> {
    const { bytes, metadata, name } = await readClassifier(model);
    const loadable = embeds ? await addEmbedding(bytes) : bytes;
    const session = await engine.load(loadable).catch((cause: Error) => {
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
    const { maxPixels, allFaces, reject, unknown, ...others } = named(options, 'classify');
    refuseOthers(others, 'classify', (probe) => this.classify(picture, probe));
    const strangers = this.ruleFor({ unknown, reject });
    return super.classify(picture, { maxPixels, allFaces, strangers });
  }

  /**
   * When a picture counts as known; `null` where that is not asked, or the model cannot tell.
   *
   * @throws ValueError where the model was not trained to tell what `unknown` asks
   */
  ruleFor({ unknown, reject }: Pick<ClassifyOptions, 'unknown' | 'reject'>): StrangerRule | null {
    if (isOff({ unknown, reject })) return null;
    const { strangers = null } = this.metadata;
    if (unknown !== undefined && (!strangers || (unknown === 'near' && strangers.mode === 'far')))
      throw new ValueError(
        `Expected a model that was trained to tell ${unknown} strangers. Received: one that tells ${strangers ? 'far ones alone' : 'none'}. Hint: 'ort-transfer train --unknown ${unknown}' makes one.`,
      );
    const rule = strangers && unknown === 'far' ? asFar(strangers) : strangers;
    return rule && reject !== undefined ? withReject(rule, reject) : rule;
  }

  /**
   * The features that the head judges by, of the largest face where the model crops faces.
   *
   * @param picture a file, or pixels as RGB
   * @returns (D)
   */
  async embed(
    picture: Uint8Array | Image,
    { maxPixels }: Pick<LookOptions, 'maxPixels'> = {},
  ): Promise<Float32Array> {
    const { metadata, detector, session } = this;
    const { preprocessing } = metadata;
    const { parts } = await cutOut(picture, { preprocessing, decode: decodeImage, detector, maxPixels });
    const [{ image }] = parts;
    const pixels = tensor('uint8', image.data, [1, image.height, image.width, 3]);
    const { embedding } = await session.run({ pixels });
    if (embedding?.data instanceof Float32Array) return embedding.data;
    throw new Error('Expected a classifier that was loaded to embed.');
  }

  /** A result as plain data. @param options those that it was asked with */
  describe(
    { probabilities, face, stranger }: Result,
    options: Pick<ClassifyOptions, 'unknown' | 'reject'> = {},
  ): FileResult {
    const { labels, preprocessing } = this.metadata;
    const lacksFace = preprocessing.crop === 'face' && face === null;
    const isStranger = stranger?.known === false;
    return {
      doubt: isOff(options) ? null : lacksFace ? 'no face' : isStranger ? 'stranger' : null,
      probabilities,
      predictions: this.top(probabilities, labels.length),
      stranger,
      box: face && [face.box.left, face.box.top, face.box.right, face.box.bottom],
      face,
      lacksFace,
    };
  }
}

/** Whether every picture is to be given a class. */
const isOff = ({ unknown, reject }: Pick<ClassifyOptions, 'unknown' | 'reject'>): boolean =>
  unknown === 'off' || reject === 0;

/** A model's file, checked. */
export interface CheckedModel {
  readonly bytes: Uint8Array;
  readonly metadata: ModelMetadata;
  /** What messages call it. */
  readonly name: string;
}

/**
 * Reads a model and checks it, without loading it.
 *
 * @param model its path, or the bytes of its file
 * @throws MetadataError when it is no model of this project, OnnxFormatError when it is damaged, ValueError when it is
 * one of Keras's, a system error when it cannot be read
 */
export async function readClassifier(model: string | Uint8Array): Promise<CheckedModel> {
  const [bytes, name] = typeof model === 'string' ? [await readModel(model), model] : [model, 'a model'];
  if (isZip(bytes) || isHdf5(bytes))
    throw new ValueError(
      `Expected an exported model, an .onnx file. Received: ${name}, a model of Keras. Hint: make one with 'ort-transfer convert ${name} ${name.replace(/\.\w+$/, '')}.onnx --labels labels.txt'.`,
    );
  return { bytes, name, metadata: await checkClassifier(bytes) };
}

/** Loaded late: threads that only classify start faster without what decodes graphs. */
async function addEmbedding(bytes: Uint8Array): Promise<Uint8Array> {
  const { decodeModel, encodeModel } = await import('../../graph/onnx.js');
  const { withEmbedding } = await import('../../classifier/embedding-output.js');
  return encodeModel(withEmbedding(decodeModel(bytes)));
}
