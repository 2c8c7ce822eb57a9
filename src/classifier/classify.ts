import { decodeImage, readModel } from '#platform';
import type { Engine, Session } from '../engine/engine.js';
import { OnnxFormatError } from '../graph/onnx.js';
import { createFaceDetector, cropFace, cropImage, type Face, type FaceDetector } from '../images/faces.js';
import { type Heatmap, regionOf } from '../images/heatmap.js';
import type { Image } from '../images/image.js';
import { NoFaceError } from '../images/no-face-error.js';
import { readFaceDetectorModel } from './face-detector.js';
import { type ModelMetadata, readMetadata } from './metadata.js';

/** A class with how likely it is. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** What a classifier says of a picture, or of a face in it. */
export interface Result {
  /** In the order of the labels. */
  readonly probabilities: Float32Array;
  /** The face that was looked at, if it was one. */
  readonly face: Face | null;
  /** Where it looked, if the model tells. */
  readonly heatmap: Heatmap | null;
}

export interface ClassifyOptions {
  readonly maxPixels?: number;
  /** Looks at every face rather than at the largest, where the model looks at faces. */
  readonly allFaces?: boolean;
}

/** An exported model, ready for pictures. */
export class Classifier {
  private constructor(
    readonly metadata: ModelMetadata,
    readonly session: Session,
    readonly detector: FaceDetector | null,
  ) {}

  /** @throws MetadataError when `path` is no model of this project, OnnxFormatError when it is damaged */
  static async load(path: string, engine: Engine): Promise<Classifier> {
    const bytes = await readModel(path);
    const metadata = readMetadata(bytes);
    const session = await engine.load(bytes).catch((cause: Error) => {
      throw new OnnxFormatError(
        `Expected an undamaged model. Received: ${path}, which does not load: ${cause.message.split('\n')[0]}`,
        { cause },
      );
    });
    const wantsFaces = metadata.preprocessing.crop === 'face';
    const detector = wantsFaces ? await createFaceDetector(engine, await readFaceDetectorModel()) : null;
    return new Classifier(metadata, session, detector);
  }

  /**
   * Classifies a picture file.
   *
   * @returns the whole picture, upright, and one result, or one for each face
   * @throws ImageError when it is no picture, NoFaceError when it has no face and the model wants one
   */
  async classify(
    file: Uint8Array,
    { maxPixels, allFaces = false }: ClassifyOptions = {},
  ): Promise<{ image: Image; results: Result[] }> {
    const { exif } = this.metadata.preprocessing;
    const image = await decodeImage(file, { exif, maxPixels });
    const looks = await this.#looks(image, allFaces);
    const results: Result[] = [];
    for (const { part, face } of looks) {
      const { probabilities, heatmap } = await this.#run(part);
      const region = regionOf(image, this.metadata.preprocessing.crop, face);
      results.push({ probabilities, face, heatmap: heatmap && { ...heatmap, region } });
    }
    return { image, results };
  }

  /** Whether it tells where it looked. */
  get explains(): boolean {
    return this.session.outputNames.includes('heatmap');
  }

  /** The likeliest classes, the likeliest first. */
  top(probabilities: ArrayLike<number>, count: number): Prediction[] {
    return this.metadata.labels
      .map((label, i) => ({ label, probability: probabilities[i]! }))
      .sort((a, b) => b.probability - a.probability)
      .slice(0, count);
  }

  async release(): Promise<void> {
    await this.session.release();
    await this.detector?.release();
  }

  /** The parts of a picture to look at, as the model was trained to. */
  async #looks(image: Image, allFaces: boolean): Promise<{ part: Image; face: Face | null }[]> {
    const { crop, noFace } = this.metadata.preprocessing;
    const detector = this.detector ?? undefined;
    if (allFaces && detector) {
      const faces = await detector.detect(image, { all: true });
      if (faces.length > 0) return faces.map((face) => ({ part: cropFace(image, face), face }));
    }
    const { image: part, faces } = await cropImage(image, { crop, noFace, detector });
    if (!part) throw new NoFaceError();
    return [{ part, face: faces[0] ?? null }];
  }

  async #run({ width, height, data }: Image) {
    const pixels = { type: 'uint8', dims: [1, height, width, 3], data } as const;
    const { probabilities, heatmap } = await this.session.run({ pixels }).catch((cause: Error) => {
      throw new OnnxFormatError(
        `Expected an undamaged model. Received: one that fails on a picture: ${cause.message.split('\n')[0]}`,
        { cause },
      );
    });
    const [, rows, columns] = heatmap?.dims ?? [];
    return {
      probabilities: probabilities!.data as Float32Array,
      heatmap: heatmap ? { width: columns!, height: rows!, data: heatmap.data as Float32Array } : null,
    };
  }
}
