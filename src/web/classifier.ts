import type { StrangerVerdict } from '../classifier/classify.js';
import type { ModelMetadata } from '../classifier/metadata.js';
import type { Face } from '../images/faces/face.js';
import {
  type ClassifierCalls,
  ClassifierError,
  type Fault,
  type Progress,
  type WebProvider,
} from './classifier-protocol.js';
import { type PictureSource, toPicture } from './picture-source.js';
import { Caller } from './rpc.js';
import { trustedScript } from './trusted-types.js';

/** A class and how likely it is, from 0 to 1. */
export interface Prediction {
  readonly label: string;
  readonly probability: number;
}

/** The classes of a picture. */
export interface Classification {
  /** Every class, the likeliest first. */
  readonly predictions: readonly Prediction[];
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * Faces in pixels of the picture, the one that was looked at first; only where the model crops faces. Where there are
   * none, the classes are only the nearest.
   */
  readonly faces?: readonly Face[];
  /** Whether it is of the kind that the model was trained on, and how like it; only where the model can tell. */
  readonly stranger?: StrangerVerdict;
  /** Where the model looked, a layer to stretch over the upright picture; only where asked for and the model tells. */
  readonly heat?: ImageData;
}

export interface ClassifyOptions {
  /** Asks where the model looked, which models tell that were exported with `--explain`. Default false. */
  explain?: boolean;
}

export interface LoadOptions {
  /** Called with every part of the model that arrives. Default: nothing is told. */
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

/**
 * An exported model that classifies pictures. It works in a worker, so the page never freezes.
 *
 * @example
 * const classifier = new Classifier('model.onnx');
 * const { predictions } = await classifier.classify(file);
 */
export class Classifier {
  /** The model's description of itself, once it is there. Rejects with a ClassifierError when it cannot be had. */
  readonly ready: Promise<ModelMetadata>;
  /** The engine that runs the model; known once it is there. */
  provider?: WebProvider;
  readonly #worker: Caller<ClassifierCalls>;

  /**
   * Starts to fetch a model, and keeps it for later visits, in Cache Storage.
   *
   * @param model an ONNX file that ort-transfer exported, or its address, relative to the page
   */
  constructor(
    model: string | URL | Blob,
    { onProgress, assets = new URL('./', import.meta.url), provider = 'wasm' }: LoadOptions = {},
  ) {
    this.#worker = new Caller(openWorker(), {
      toError: ({ fault, message }) => new ClassifierError(fault as Fault, message),
      toCrash: (reason) =>
        new ClassifierError(
          'no runtime',
          `Expected the worker to run. Received: ${reason || `no script from ${new URL(script, import.meta.url)}`}.`,
        ),
    });
    const question = {
      model: model instanceof Blob ? model : new URL(model, document.baseURI).href,
      assets: new URL(assets, document.baseURI).href,
      provider,
    };
    this.ready = this.#worker.ask('load', question, { onEvent: onProgress }).then((loaded) => {
      this.provider = loaded.provider;
      return loaded.metadata;
    });
    // Whoever asks for it sees the failure; nobody has to.
    this.ready.catch(() => {});
  }

  /**
   * Classifies a picture, once the model is there.
   *
   * @param source the bytes of a JPEG, PNG, WebP, AVIF, GIF, BMP or PPM file, its address, or what shows a picture
   * @throws ClassifierError when the bytes are no picture that can be read, or when the model cannot be had.
   */
  async classify(source: PictureSource, { explain = false }: ClassifyOptions = {}): Promise<Classification> {
    // At once, as a video moves on.
    const [picture, { labels }] = await Promise.all([toPicture(source), this.ready]);
    const transfer = picture instanceof Blob ? [] : [picture];
    const { probabilities, ...rest } = await this.#worker.ask('classify', { picture, explain }, { transfer });
    const predictions = labels
      .map((label, i) => ({ label, probability: probabilities[i] ?? 0 }))
      .sort((a, b) => b.probability - a.probability);
    return { predictions, ...rest };
  }

  /**
   * Draws a picture small. Does not wait for the model.
   *
   * @param side pixels of the longer side, at most
   * @throws ClassifierError when the browser cannot show it.
   */
  async preview(picture: Blob, side: number): Promise<ImageBitmap> {
    return this.#worker.ask('preview', { picture, side });
  }

  /** Gives back the memory. Whatever is under way fails. */
  close(): void {
    this.#worker.stop(new ClassifierError('failed', 'The classifier was closed.'));
  }
}

const script = './worker.js';

function openWorker(): Worker {
  try {
    // Bundlers know workers by these very words.
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch {
    // The page wants trusted types.
    return new Worker(trustedScript(new URL(script, import.meta.url)), { type: 'module' });
  }
}
