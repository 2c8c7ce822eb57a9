import type { Session, Tensors } from '../engine/engine.js';
import { OnnxFormatError } from '../graph/onnx-format-error.js';
import { type Tensor, tensor } from '../graph/tensor.js';
import type { Face, FaceDetector } from '../images/faces.js';
import { type Heatmap, regionOf } from '../images/heatmap.js';
import type { Image } from '../images/image.js';
import { cutOut, type Decode, type Part } from './cut-out.js';
import type { ModelMetadata } from './metadata.js';
import { isKnown, type StrangerRule, scoreOf } from './strangers.js';

/** A class with how likely it is. */
export interface Prediction {
  readonly label: string;
  /** From 0 to 1. */
  readonly probability: number;
}

/** How a classifier judges a picture, or a face in it. */
export interface Result {
  /** In the order of the labels. */
  readonly probabilities: Float32Array;
  /** The face that was looked at, if it was one. */
  readonly face: Face | null;
  /** Where it looked, if the model tells. */
  readonly heatmap: Heatmap | null;
  /** How like the training pictures it is; `null` where the model cannot tell. */
  readonly stranger: StrangerVerdict | null;
  /** The features that the head judges by, (D); `null` where the model was not loaded to give them. */
  readonly embedding: Float32Array | null;
}

/** Whether a picture is of the kind that the model was trained on. */
export interface StrangerVerdict {
  readonly known: boolean;
  /** The highest cosine to a prototype of the training pictures, from −1 to 1. */
  readonly familiarity: number;
  /** From the model's threshold on it is known: the familiarity, or the smaller p-value where near strangers are told. */
  readonly score: number;
}

export interface LookOptions {
  /** The most pixels a picture may have. Default: 100 megapixels. */
  readonly maxPixels?: number;
  /** Looks at every face rather than at the largest, where the model looks at faces. Default false. */
  readonly allFaces?: boolean;
  /** When a picture counts as known; `null`: strangers are not told. Default: as the model's metadata say. */
  readonly strangers?: StrangerRule | null;
}

/** A whole picture with its results. */
export interface Classified {
  /** The picture, upright. */
  readonly image: Image;
  /** The faces that were found, where they are looked for, the largest first. */
  readonly faces: readonly Face[];
  /** One, or one for each face. */
  readonly results: [Result, ...Result[]];
}

export interface ClassifierParts {
  readonly metadata: ModelMetadata;
  /** The model, loaded. */
  readonly session: Session;
  /** Needed where the model crops faces. */
  readonly detector: FaceDetector | null;
  readonly decode: Decode;
}

/** An exported model, ready for pictures: the same in Node and in pages. */
export class Classifier {
  readonly metadata: ModelMetadata;
  readonly session: Session;
  readonly detector: FaceDetector | null;
  readonly #decode: Decode;

  /** @throws OnnxFormatError when the model has no output `probabilities` */
  constructor({ metadata, session, detector, decode }: ClassifierParts) {
    if (!session.outputNames.includes('probabilities'))
      throw new OnnxFormatError(
        `Expected a model with an output 'probabilities'. Received: one with ${session.outputNames.map((name) => `'${name}'`).join(', ')}.`,
      );
    this.metadata = metadata;
    this.session = session;
    this.detector = detector;
    this.#decode = decode;
  }

  /**
   * Classifies a picture.
   *
   * @param picture a file, or pixels as RGB
   * @throws ImageError when it is no picture, NoFaceError when it has no face and the model wants one, OnnxFormatError
   * when the model is damaged
   */
  async classify(picture: Uint8Array | Image, options: LookOptions = {}): Promise<Classified> {
    const { maxPixels, allFaces, strangers = this.metadata.strangers ?? null } = options;
    const { preprocessing } = this.metadata;
    const { detector } = this;
    const decode = this.#decode;
    const cut = await cutOut(picture, { preprocessing, decode, detector, maxPixels, allFaces });
    const look = async ({ image, face }: Part): Promise<Result> => {
      const { heatmap, ...found } = await this.#run(image, strangers);
      const region = regionOf(cut.picture, preprocessing.crop, face);
      return { ...found, face, heatmap: heatmap && { ...heatmap, region } };
    };
    const [first, ...others] = cut.parts;
    const results: Classified['results'] = [await look(first)];
    for (const part of others) results.push(await look(part));
    return { image: cut.picture, faces: cut.faces, results };
  }

  /** Whether it tells where it looked. */
  get explains(): boolean {
    return this.session.outputNames.includes('heatmap');
  }

  /** The likeliest classes, the likeliest first. */
  top(probabilities: ArrayLike<number>, count: number): Prediction[] {
    return this.metadata.labels
      .map((label, i) => ({ label, probability: probabilities[i] ?? 0 }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, count);
  }

  /** Gives back the memory. */
  async release(): Promise<void> {
    await this.session.release();
    await this.detector?.release();
  }

  async #run({ width, height, data }: Image, strangers: StrangerRule | null) {
    const pixels = tensor('uint8', data, [1, height, width, 3]);
    const outputs = await this.session.run({ pixels }).catch((cause: Error) => {
      throw new OnnxFormatError(
        `Expected an undamaged model. Received: one that fails on a picture: ${firstLine(cause)}`,
        { cause },
      );
    });
    return {
      probabilities: this.#check(outputs.probabilities),
      heatmap: outputs.heatmap ? toMap(outputs.heatmap) : null,
      stranger: judge(outputs, strangers),
      embedding: (outputs.embedding?.data as Float32Array | undefined) ?? null,
    };
  }

  /** @throws OnnxFormatError unless there is a number from 0 to 1 for each label */
  #check(output: Tensor | undefined): Float32Array {
    const { labels } = this.metadata;
    if (!(output?.data instanceof Float32Array) || output.data.length !== labels.length)
      throw new OnnxFormatError(
        `Expected a probability for each of ${labels.length} labels. Received: a model with ${output?.data.length ?? 0} of type ${output?.type}.`,
      );
    const odd = output.data.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0)
      throw new OnnxFormatError(
        `Expected finite probabilities. Received: ${output.data[odd]} for '${labels[odd]}'. Hint: the model is damaged, or its training failed; train it again.`,
      );
    const outside = output.data.findIndex((value) => value < -tolerance || value > 1 + tolerance);
    if (outside >= 0)
      throw new OnnxFormatError(
        `Expected probabilities from 0 to 1. Received: ${output.data[outside]} for '${labels[outside]}'. Hint: let the model end in softmax or sigmoid.`,
      );
    return output.data;
  }
}

/** How far rounding, of half floats too, may take a probability below 0 or above 1. */
const tolerance = 1e-3;

/** The first line of an engine's message. */
export const firstLine = ({ message }: Error): string => message.split('\n', 1).join('');

/** @param tensor float32 (1, height, width) */
function toMap({ data, dims }: Tensor): Omit<Heatmap, 'region'> {
  const [, height = 0, width = 0] = dims;
  return { width, height, data: data as Float32Array };
}

function judge({ familiarity, energy }: Tensors, rule: StrangerRule | null): StrangerVerdict | null {
  if (!rule || !familiarity) return null;
  const measured = {
    familiarity: Number(familiarity.data[0]),
    ...(energy ? { energy: Number(energy.data[0]) } : {}),
  };
  return {
    known: isKnown(rule, measured),
    familiarity: measured.familiarity,
    score: scoreOf(rule, measured),
  };
}
