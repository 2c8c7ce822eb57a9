import type { ModelMetadata } from '../graph/metadata.js';
import type { Face } from '../images/faces/face.js';
import { ClassifierError, type Progress, type Reply, type Request } from './protocol.js';

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
}

export interface LoadOptions {
  onProgress?: (progress: Progress) => void;
  /**
   * The folder that serves ONNX Runtime's `ort-wasm-simd-threaded.{mjs,wasm}` and, for models that crop faces,
   * `face-detector.onnx`. Default: the script's.
   */
  assets?: string | URL;
}

/** A request without its number. */
type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/**
 * An exported model, ready to tell what is in a picture. It works in a worker, so the page never freezes.
 *
 * @example
 * const classifier = await Classifier.load('model.onnx');
 * const { predictions } = await classifier.classify(file);
 */
export class Classifier {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>();
  #onProgress?: (progress: Progress) => void;
  #count = 0;
  #metadata!: ModelMetadata;

  private constructor() {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#receive(data));
    this.#worker.addEventListener('error', ({ message }) =>
      this.#rejectAll(
        new ClassifierError('no runtime', `Expected the worker to run. Received: ${message || 'no script'}.`),
      ),
    );
  }

  /**
   * Fetches a model and makes it ready.
   *
   * @param model address of an ONNX file that ort-transfer exported, relative to the page
   * @throws ClassifierError when there is none, when it is another kind of file, or when ONNX Runtime does not start.
   */
  static async load(
    model: string | URL,
    { onProgress, assets = new URL('./', import.meta.url) }: LoadOptions = {},
  ): Promise<Classifier> {
    const classifier = new Classifier();
    classifier.#onProgress = onProgress;
    try {
      const reply = await classifier.#ask({
        type: 'load',
        model: new URL(model, document.baseURI).href,
        assets: new URL(assets, document.baseURI).href,
      });
      if (reply.type === 'loaded') classifier.#metadata = reply.metadata;
      return classifier;
    } catch (error) {
      classifier.close();
      throw error;
    }
  }

  /** What the model says of itself. */
  get metadata(): ModelMetadata {
    return this.#metadata;
  }

  /**
   * Tells what is in a picture.
   *
   * @param picture the bytes of a JPEG, PNG, WebP, GIF, BMP or PPM file
   * @throws ClassifierError when the bytes are no picture that can be read.
   */
  async classify(picture: Blob): Promise<Classification> {
    const reply = await this.#ask({ type: 'classify', picture });
    if (reply.type !== 'classified') throw new TypeError(`Expected an answer. Received: '${reply.type}'.`);
    const { probabilities, width, height, faces } = reply;
    const predictions = this.#metadata.labels
      .map((label, i) => ({ label, probability: probabilities[i]! }))
      .sort((a, b) => b.probability - a.probability);
    return { predictions, width, height, ...(faces ? { faces } : {}) };
  }

  /** Gives back the memory. Whatever is under way fails. */
  close(): void {
    this.#worker.terminate();
    this.#rejectAll(new ClassifierError('failed', 'The classifier was closed.'));
  }

  #ask(question: Question): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const id = this.#count++;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...question, id } satisfies Request);
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

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
