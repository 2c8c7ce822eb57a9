import { availableParallelism } from 'node:os';
import { createPool, type EngineOptions, findModule, mapItems } from '#platform';
import type { ModelMetadata } from '../../classifier/metadata.js';
import { ValueError } from '../../errors.js';
import { named, refuseOthers } from '../../named-options.js';
import { type Answer, toAnswer } from './answer.js';
import type { AnswerSetup, Found, Question } from './answer-protocol.js';
import { readClassifier } from './load-classifier.js';
import { type PictureInput, type ReadOptions, readInput } from './picture-input.js';

export interface LoadClassifierOptions extends EngineOptions {
  /**
   * Threads that classify, each one picture at a time. Default: as many as there are processors. 0 classifies in the
   * thread of the caller, which holds it up.
   */
  readonly workers?: number;
}

/** Options of one picture. */
export interface ClassifyInputOptions extends ReadOptions {
  /** Pictures with more pixels are refused. Default 100 million. */
  readonly maxPixels?: number;
  /** Looks at every face rather than at the largest, where the model crops faces. Default false. */
  readonly allFaces?: boolean;
  /** The share of known pictures that may be called unknown; 0: strangers are not told. Default: as the model was trained. */
  readonly reject?: number;
}

export type EmbedOptions = Omit<ClassifyInputOptions, 'allFaces' | 'reject'>;

/** An input that could not be classified, in the place of its answer. */
export interface FailedAnswer {
  readonly error: Error;
}

/** Answers questions: threads, or where there are none the thread of the caller. */
interface Answerer {
  /** How many questions are under way at once where no time is to be lost. */
  readonly capacity: number;
  run(question: Question, options: { readonly signal?: AbortSignal }): Promise<Found>;
  close(): Promise<void>;
}

/**
 * Loads a classifier that ort-transfer exported, and starts the threads that run it. Loaded once, it serves a whole
 * process; idle, it does not keep it alive.
 *
 * @param model the path of an .onnx file, or its bytes
 * @throws MetadataError when it is no model of this project, OnnxFormatError when it is damaged
 *
 * @example
 * await using classifier = await loadClassifier('onnx/model.onnx');
 * const { label, probability, known } = await classifier.classify('photo.jpg');
 */
export const loadClassifier = (
  model: string | Uint8Array,
  options: LoadClassifierOptions = {},
): Promise<Classifier> => Classifier.load(model, options);

/** Threads of one picture each; `null` in a bundle that has none of the modules they start with. */
async function startThreads({ model, engine }: AnswerSetup, workers: number): Promise<Answerer | null> {
  const entry = findModule(
    () => new URL('./answer-worker.js', import.meta.url),
    'transfer/predict/answer-worker.js',
  );
  if (!entry) return null;
  const setup: AnswerSetup = { model, engine: { ...engine, threads: engine.threads ?? 1 } };
  return createPool<Question, Found>({ entry, setup, workers });
}

/** The thread of the caller. ONNX Runtime computes in threads of its own all the same. */
async function startHere(setup: AnswerSetup): Promise<Answerer> {
  const { start } = await import('./answer-worker.js');
  const answer = await start(setup);
  return {
    capacity: 2,
    async run(question, { signal }) {
      signal?.throwIfAborted();
      const found = await answer(question);
      signal?.throwIfAborted();
      return found;
    },
    close: async () => {},
  };
}

/** An exported model that classifies pictures off the event loop. `loadClassifier` makes one. */
export class Classifier {
  /** Labels, preprocessing, metrics and licences, as the model's file has them. */
  readonly metadata: ModelMetadata;
  readonly #answerer: Answerer;
  #isClosed = false;

  private constructor(metadata: ModelMetadata, answerer: Answerer) {
    this.metadata = metadata;
    this.#answerer = answerer;
  }

  /** As `loadClassifier`. */
  static async load(model: string | Uint8Array, options: LoadClassifierOptions = {}): Promise<Classifier> {
    const {
      workers = availableParallelism(),
      engine,
      provider,
      threads,
      ...others
    } = named(options, 'loadClassifier');
    refuseOthers(others, 'loadClassifier', (probe) => Classifier.load(model, probe));
    if (!(Number.isInteger(workers) && workers >= 0))
      throw new ValueError(`Expected \`workers\` to be a whole number from 0. Received: ${workers}.`);
    const { bytes, metadata } = await readClassifier(model);
    const setup = { model: bytes, engine: { engine, provider, threads } };
    const answerer = workers > 0 ? await startThreads(setup, workers) : null;
    return new Classifier(metadata, answerer ?? (await startHere(setup)));
  }

  /** The classes, in the model's order. */
  get labels(): readonly string[] {
    return this.metadata.labels;
  }

  /**
   * Classifies a picture.
   *
   * @throws ImageError when it is no picture, NoFaceError when it has no face and the model wants one, ValueError for
   * values of other kinds; the signal's reason once it is aborted
   */
  async classify(input: PictureInput, options: ClassifyInputOptions = {}): Promise<Answer> {
    const { maxBytes, maxPixels, allFaces, reject, signal, ...others } = named(options, 'classify');
    refuseOthers(others, 'classify', (probe) => this.classify(input, probe));
    const picture = await readInput(input, { maxBytes, signal });
    return toAnswer(await this.#ask({ picture, embeds: false, maxPixels, allFaces, reject }, signal));
  }

  /**
   * Classifies many pictures on all threads, in their order. Inputs are taken from their source only as threads get
   * free. One that cannot be classified gives `{ error }` in the place of its answer.
   *
   * @throws the signal's reason once it is aborted
   *
   * @example
   * for await (const answer of classifier.classifyMany(paths))
   *   console.log(answer.error ? answer.error.message : answer.label);
   */
  classifyMany(
    inputs: Iterable<PictureInput> | AsyncIterable<PictureInput>,
    options: ClassifyInputOptions = {},
  ): AsyncGenerator<Answer | FailedAnswer, void, undefined> {
    const { maxBytes, maxPixels, allFaces, reject, signal, ...others } = named(options, 'classifyMany');
    refuseOthers(others, 'classifyMany', (probe) => this.classifyMany(inputs, probe));
    return mapItems(inputs, {
      ordered: true,
      capacity: this.#answerer.capacity,
      handle: async (input) => {
        try {
          return await this.classify(input, options);
        } catch (error) {
          signal?.throwIfAborted();
          if (this.#isClosed) throw error;
          return { error: error as Error };
        }
      },
    });
  }

  /**
   * The features that the model judges by, to compare pictures by: their cosine tells how alike they are. Where the
   * model crops faces, those of the largest face.
   *
   * @returns (D), 1024 with MobileNet
   * @throws EmbeddingError for models in one piece, as `convert` makes them; else as `classify`
   */
  async embed(input: PictureInput, options: EmbedOptions = {}): Promise<Float32Array> {
    const { maxBytes, maxPixels, signal, ...others } = named(options, 'embed');
    refuseOthers(others, 'embed', (probe) => this.embed(input, probe));
    const picture = await readInput(input, { maxBytes, signal });
    const { embedding } = await this.#ask({ picture, embeds: true, maxPixels }, signal);
    if (!embedding) throw new Error('Expected an embedding. Received: none.');
    return embedding;
  }

  /** Ends the threads, each after the picture in its hands. What waits is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#answerer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #ask(question: Question, signal: AbortSignal | undefined): Promise<Found> {
    if (this.#isClosed) throw new Error('Expected an open classifier. Received: one that was closed.');
    return this.#answerer.run(question, { signal });
  }
}
