import type { Engine, Session } from '../engine/engine.js';
import type { Preprocessing } from '../graph/preprocessing.js';
import { type Tensor, tensor } from '../graph/tensor.js';
import { createFaceDetector, type FaceDetector } from '../images/faces.js';
import { isFlat } from '../images/flat.js';
import type { Image } from '../images/image.js';
import { cutOut, type Decode } from './cut-out.js';

export interface EmbedderOptions {
  /** Crop and size of the backbone's pictures. */
  readonly preprocessing: Preprocessing;
  /** Decodes picture files. */
  readonly decode: Decode;
  /** The most pixels a picture may have. Default: the decoder's. */
  readonly maxPixels?: number;
  /** Resizes one picture: `pixels` uint8 (1, H, W, 3) → `resized` uint8 (1, height, width, 3). */
  readonly resizeModel: Uint8Array;
  /** Embeds: `pixels` uint8 (N, height, width, 3) → `embedding` (N, D). `null` where another engine does. */
  readonly backboneModel: Uint8Array | null;
  /** The face detector as ONNX; needed where faces are cropped. */
  readonly detectorModel: Uint8Array | null;
}

/** A picture as the backbone sees it. */
export interface Prepared {
  /** RGB of the backbone's size. */
  readonly image: Image;
  /** The part that was cut out, before it was resized. */
  readonly cut: Pick<Image, 'width' | 'height'>;
  /** Faces found; null where they are not looked for. */
  readonly faces: number | null;
  /** Whether all of it that the backbone sees is of one colour, or nearly. */
  readonly flat: boolean;
}

/** Turns pictures into embeddings: the same in Node and in pages. */
export class Embedder {
  readonly #options: EmbedderOptions;
  readonly #resizer: Session;
  readonly #backbone: Session | null;
  readonly #detector: FaceDetector | null;

  private constructor(
    options: EmbedderOptions,
    resizer: Session,
    backbone: Session | null,
    detector: FaceDetector | null,
  ) {
    this.#options = options;
    this.#resizer = resizer;
    this.#backbone = backbone;
    this.#detector = detector;
  }

  /** Loads the models. @throws the engine's own error where it cannot */
  static async open(engine: Engine, options: EmbedderOptions): Promise<Embedder> {
    const { resizeModel, backboneModel, detectorModel } = options;
    return new Embedder(
      options,
      await engine.load(resizeModel),
      backboneModel && (await engine.load(backboneModel)),
      detectorModel && (await createFaceDetector(engine, detectorModel)),
    );
  }

  /**
   * Decodes a picture file, turns it upright, crops and resizes it.
   *
   * @throws ImageError when it is no picture, NoFaceError when it has no face and faces alone count
   */
  async prepare(file: Uint8Array): Promise<Prepared> {
    const { preprocessing } = this.#options;
    const { parts, faces } = await cutOut(file, { ...this.#options, detector: this.#detector });
    const [{ image: cut }] = parts;
    const { resized } = await this.#resizer.run({ pixels: toTensor(cut) });
    const [height, width] = preprocessing.size;
    const image: Image = { width, height, channels: 3, data: resized?.data as Uint8Array };
    return {
      image,
      cut: { width: cut.width, height: cut.height },
      faces: preprocessing.crop === 'face' ? faces.length : null,
      flat: isFlat(image),
    };
  }

  /** Whether it has a backbone. */
  get embeds(): boolean {
    return this.#backbone !== null;
  }

  /**
   * Embeds a picture of the backbone's size, one at a time: on one thread a batch gains nothing, and memory stays
   * small.
   *
   * @returns (D)
   */
  async embed(image: Image): Promise<Float32Array> {
    if (!this.#backbone) throw new Error('Expected a backbone to embed with. Received: none.');
    const { embedding } = await this.#backbone.run({ pixels: toTensor(image) });
    return embedding?.data as Float32Array;
  }
}

const toTensor = ({ width, height, data }: Image): Tensor => tensor('uint8', data, [1, height, width, 3]);
