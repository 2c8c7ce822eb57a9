import { decodeImage, sha256 } from '#platform';
import { type Backbone, backboneModel } from '../../classifier/backbone.js';
import { resizeModel } from '../../classifier/resize-model.js';
import { viewOf } from '../../classifier/views.js';
import type { Engine, Session } from '../../engine/engine.js';
import { encodeModel } from '../../graph/onnx.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { tensor } from '../../graph/tensor.js';
import { createFaceDetector, cropImage, type FaceDetector } from '../../images/faces.js';
import type { Image } from '../../images/image.js';

/** A picture that was embedded, and what it takes to embed more views of it. */
interface Kept {
  /** What the backbone is shown: RGB of its size. */
  readonly image: Image;
  readonly views: Float32Array[];
}

/** Turns pictures into embeddings, as extraction does in Node, and keeps them in memory. */
export class Embedder {
  readonly #pictures = new Map<string, Kept>();

  private constructor(
    readonly preprocessing: Preprocessing,
    readonly resizer: Session,
    readonly backbone: Session,
    readonly detector: FaceDetector | undefined,
  ) {}

  /** @param detectorModel the face detector as ONNX, where faces are cropped */
  static async open(
    engine: Engine,
    { backbone, preprocessing, detectorModel }: EmbedderOptions,
  ): Promise<Embedder> {
    return new Embedder(
      preprocessing,
      await engine.load(resizeModel(preprocessing.size)),
      await engine.load(encodeModel(backboneModel(backbone))),
      detectorModel && (await createFaceDetector(engine, detectorModel)),
    );
  }

  /**
   * Embeds a picture file.
   *
   * @returns its hash, what the backbone is shown, the size of what was cut out, and how many faces there are
   * @throws ImageError when it is no picture
   */
  async add(file: Blob): Promise<{ content: string; image: Image; cut: Size; faces: number | null }> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const content = await sha256(bytes);
    const { crop, exif } = this.preprocessing;
    const upright = await decodeImage(bytes, { exif });
    const { image: cut, faces } = await cropImage(upright, {
      ...this.preprocessing,
      noFace: 'whole',
      detector: this.detector,
    });
    const image = await this.#resize(cut!);
    if (!this.#pictures.has(content)) {
      const kept: Kept = { image, views: [] };
      kept.views.push(await this.#embed(image));
      this.#pictures.set(content, kept);
    }
    return { content, image, cut: cut!, faces: crop === 'face' ? faces.length : null };
  }

  /** The embeddings of the first `count` views of a picture, (D) each. */
  async views(content: string, count: number, seed: number): Promise<Float32Array[]> {
    const { image, views } = this.#pictures.get(content)!;
    for (let view = views.length; view < count; view++)
      views.push(await this.#embed(viewOf(image, view, { seed, content })));
    return views.slice(0, count);
  }

  async #resize({ width, height, data }: Image): Promise<Image> {
    const { resized } = await this.resizer.run({ pixels: tensor('uint8', data, [1, height, width, 3]) });
    const [rows, columns] = this.preprocessing.size;
    return { width: columns, height: rows, channels: 3, data: resized!.data as Uint8Array };
  }

  async #embed({ width, height, data }: Image): Promise<Float32Array> {
    const { embedding } = await this.backbone.run({ pixels: tensor('uint8', data, [1, height, width, 3]) });
    return embedding!.data as Float32Array;
  }
}

export interface EmbedderOptions {
  readonly backbone: Backbone;
  readonly preprocessing: Preprocessing;
  readonly detectorModel?: Uint8Array;
}

type Size = Pick<Image, 'width' | 'height'>;
