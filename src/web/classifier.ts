import type { ModelMetadata } from '../classifier/metadata.js';
import type { Face } from '../images/faces/face.js';
import {
  ClassifierError,
  type Fault,
  type Progress,
  type Reply,
  type Request,
  type WebProvider,
} from './classifier-protocol.js';

/** A class and how likely it is, from 0 to 1. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** What a picture may be. */
export interface Classification {
  /** Every class, the likeliest first. */
  readonly predictions: readonly Prediction[];
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** Faces in pixels of the picture, the one that was looked at first; only where the model crops faces. */
  readonly faces?: readonly Face[];
  /** Where the model looked, a layer to stretch over the upright picture; only where asked for and the model tells. */
  readonly heat?: ImageData;
}

export interface ClassifyOptions {
  /** Asks where the model looked, which models tell that were exported with `--explain`. Default false. */
  explain?: boolean;
}

export interface LoadOptions {
  onProgress?: (progress: Progress) => void;
  /**
   * The folder that serves ONNX Runtime's `ort-wasm-simd-threaded.{mjs,wasm}` and, for models that crop faces,
   * `face-detector.onnx`. Default: the script's.
   */
  assets?: string | URL;
  /**
   * `'webgpu'` runs the model on the graphics card where the browser can and `assets` serves
   * `ort-wasm-simd-threaded.asyncify.{mjs,wasm}`, and as `'wasm'` elsewhere. Default `'wasm'`.
   */
  provider?: WebProvider;
}

/** A request without its number. */
type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** The reply to a question of each type. */
type ReplyOf<T> = Extract<Reply, { type: T }>;

/**
 * An exported model that tells what is in a picture. It works in a worker, so the page never freezes.
 *
 * @example
 * const classifier = new Classifier('model.onnx');
 * const { predictions } = await classifier.classify(file);
 */
export class Classifier {
  /** What the model says of itself, once it is there. Rejects with a ClassifierError when it cannot be had. */
  readonly ready: Promise<ModelMetadata>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  /** What runs the model; known once it is there. */
  provider?: WebProvider;
  readonly #onProgress?: (progress: Progress) => void;
  #count = 0;
  /** Why nothing more can be asked. */
  #end?: ClassifierError;

  /**
   * Starts to fetch a model. What it fetched it keeps for later visits, in Cache Storage.
   *
   * @param model an ONNX file that ort-transfer exported, or its address, relative to the page
   */
  constructor(
    model: string | URL | Blob,
    { onProgress, assets = new URL('./', import.meta.url), provider = 'wasm' }: LoadOptions = {},
  ) {
    this.#onProgress = onProgress;
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#receive(data));
    this.#worker.addEventListener('error', ({ message }) =>
      this.#stop('no runtime', `Expected the worker to run. Received: ${message || 'no script'}.`),
    );
    this.ready = this.#ask('loaded', {
      type: 'load',
      model: model instanceof Blob ? model : new URL(model, document.baseURI).href,
      assets: new URL(assets, document.baseURI).href,
      provider,
    }).then((reply) => {
      this.provider = reply.provider;
      return reply.metadata;
    });
    // Whoever asks for it sees the failure; nobody has to.
    this.ready.catch(() => {});
  }

  /**
   * Tells what is in a picture, once the model is there.
   *
   * @param picture the bytes of a JPEG, PNG, WebP, GIF, BMP or PPM file, or pixels, which are handed over
   * @throws ClassifierError when the bytes are no picture that can be read, or when the model cannot be had.
   */
  async classify(
    picture: Blob | ImageBitmap,
    { explain = false }: ClassifyOptions = {},
  ): Promise<Classification> {
    const { labels } = await this.ready;
    const transfer = picture instanceof Blob ? [] : [picture];
    const reply = await this.#ask('classified', { type: 'classify', picture, explain }, transfer);
    const { probabilities, width, height, faces, heat } = reply;
    const predictions = labels
      .map((label, i) => ({ label, probability: probabilities[i]! }))
      .sort((a, b) => b.probability - a.probability);
    return { predictions, width, height, ...(faces ? { faces } : {}), ...(heat ? { heat } : {}) };
  }

  /**
   * Draws a picture small. Does not wait for the model.
   *
   * @param side pixels of the longer side, at most
   * @throws ClassifierError when the browser cannot show it.
   */
  async preview(picture: Blob, side: number): Promise<ImageBitmap> {
    return (await this.#ask('previewed', { type: 'preview', picture, side })).bitmap;
  }

  /** Gives back the memory. Whatever is under way fails. */
  close(): void {
    this.#stop('failed', 'The classifier was closed.');
  }

  #ask<T extends Reply['type']>(
    expected: T,
    question: Question,
    transfer: Transferable[] = [],
  ): Promise<ReplyOf<T>> {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      const id = this.#count++;
      const check = (reply: Reply) => {
        if (reply.type === expected) resolve(reply as ReplyOf<T>);
        else reject(new TypeError(`Expected the worker to say '${expected}'. Received: '${reply.type}'.`));
      };
      this.#waiting.set(id, { resolve: check, reject });
      this.#worker.postMessage({ ...question, id } satisfies Request, transfer);
    });
  }

  #receive(reply: Reply): void {
    if (reply.type === 'progress') {
      this.#onProgress?.(reply.progress);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.type === 'failed') waiting?.reject(new ClassifierError(reply.fault, reply.message));
    else waiting?.resolve(reply);
  }

  #stop(fault: Fault, message: string): void {
    this.#end = new ClassifierError(fault, message);
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
