/** The worker of the studio: embeds pictures, trains, and writes models, away from the page. */

import { DownloadError, decodeImage, sha256 } from '#platform';
import { type Backbone, backboneModel, loadBackbone } from '../../classifier/backbone.js';
import { changeRule as ruleChanged } from '../../classifier/change-rule.js';
import { choosePreprocessing } from '../../classifier/choose-preprocessing.js';
import type { Dataset } from '../../classifier/dataset.js';
import { Embedder } from '../../classifier/embedder.js';
import { packHead, toKerasHead } from '../../classifier/pack-head.js';
import { resizeModel } from '../../classifier/resize-model.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import type { Engine } from '../../engine/engine.js';
import { ortWeb } from '../../engine/ort-web.js';
import { encodeModel } from '../../graph/onnx.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { checkSeal } from '../../graph/seal.js';
import { ImageError } from '../../images/image.js';
import { Callback, type Logs } from '../../keras/callbacks/callback.js';
import { GlobalAveragePooling2D } from '../../keras/layers/global-pooling2d.js';
import { Model } from '../../keras/models/model.js';
import { encodeKerasModel } from '../../keras/saving/index.js';
import { ClassifierError } from '../classifier-protocol.js';
import { download } from '../kept-download.js';
import { answerCalls } from '../rpc.js';
import { Gallery } from './gallery.js';
import type {
  Look,
  StudioCalls,
  StudioFault,
  TrainEvent,
  Trained,
  TrainQuestion,
} from './studio-protocol.js';
import { teach } from './teach.js';

/** Chooses which pictures are left out, the first weights, the order and the views. */
const seed = 0;
/** Longer side of a thumbnail in pixels. */
const thumbnailSide = 160;

/** `studio.json`, which the build writes. */
interface Config {
  /** As `loadBackbone` takes them: `'vggface2'`, or the path of a file. */
  readonly weights: string;
}

interface Studio {
  readonly engine: Engine;
  readonly backbone: Backbone;
  readonly preprocessing: Preprocessing;
  readonly gallery: Gallery;
}

let studio: Studio | undefined;
/** Trainings that are to end. */
const stopped = new Set<number>();

/** Ends a training that has no model yet. */
class StoppedError extends Error {
  override name = 'StoppedError';
}

async function open(): Promise<void> {
  const at = (path: string) => new URL(path, location.href).href;
  const { weights } = await download(at('studio.json'), {
    read: async (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Config,
  });
  const backbone = await loadBackbone({ weights });
  const preprocessing = choosePreprocessing(backbone);
  const engine = await ortWeb({
    wasmPaths: { mjs: at('ort-wasm-simd-threaded.mjs'), wasm: at('ort-wasm-simd-threaded.wasm') },
  });
  const embedder = await Embedder.open(engine, {
    preprocessing,
    decode: decodeImage,
    resizeModel: resizeModel(preprocessing.size),
    backboneModel: encodeModel(backboneModel(backbone)),
    detectorModel:
      preprocessing.crop === 'face'
        ? await download(at('face-detector.onnx'), {
            read: async (bytes) => {
              await checkSeal(bytes, sha256);
              return bytes;
            },
          })
        : null,
  });
  studio = { engine, backbone, preprocessing, gallery: new Gallery(embedder) };
}

function opened(): Studio {
  if (!studio) throw new Error('Expected a studio that is open. Received: one whose parts did not load.');
  return studio;
}

async function look(picture: Blob): Promise<Look> {
  const { content, image, cut, faces, flat } = await opened().gallery.add(picture);
  const { width, height, data } = image;
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4)
    rgba.set(data.subarray(from, from + 3), to);
  const scale = thumbnailSide / Math.max(cut.width, cut.height);
  const small = await createImageBitmap(new ImageData(rgba, width, height), {
    resizeWidth: Math.max(1, Math.round(cut.width * scale)),
    resizeHeight: Math.max(1, Math.round(cut.height * scale)),
    resizeQuality: 'medium',
  });
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext('2d')?.drawImage(small, 0, 0);
  small.close();
  const thumbnail = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  return { content, thumbnail, faces, flat };
}

/** Messages, to stop among them, are delivered between tasks. */
const hearMessages = () => new Promise<void>((resolve) => setTimeout(resolve));

/** Tells of each epoch, and hears in between whether to stop. */
class EpochReporter extends Callback {
  constructor(
    readonly run: number,
    readonly report: (epoch: number, logs: Logs) => void,
  ) {
    super();
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.report(epoch, logs);
    await hearMessages();
    if (stopped.has(this.run)) this.model.stopTraining = true;
  }
}

async function train(question: TrainQuestion, tell: (event: TrainEvent) => void): Promise<Trained | null> {
  try {
    return await trainOn(question, tell);
  } catch (error) {
    if (error instanceof StoppedError) return null;
    throw error;
  } finally {
    stopped.delete(question.run);
  }
}

async function trainOn(
  { classes, settings, run }: TrainQuestion,
  tell: (event: TrainEvent) => void,
): Promise<Trained> {
  const { engine, backbone, preprocessing } = opened();
  const onStep = async () => {
    await hearMessages();
    if (stopped.has(run)) throw new StoppedError();
  };
  const data = await embedAll({ classes, views: settings.views }, { tell, onStep });
  const labels = data.classes;
  const { folds, epochs } = settings;
  let fold = 0;
  const showCheck = (part: number) => tell({ type: 'checked', share: (fold + part) / Math.max(1, folds) });
  let last = -1;
  const { fitted, evaluation, leftOut, strangers } = await teach({
    ...{ data, settings, engine, seed, onStep },
    onFold: (done) => {
      fold = done;
      showCheck(0);
    },
    foldCallbacks: [new EpochReporter(run, (epoch) => showCheck((epoch + 1) / epochs))],
    callbacks: [
      new EpochReporter(run, (epoch, logs) => {
        last = epoch;
        tell({ type: 'epoch', epoch, logs });
      }),
    ],
  });
  // What was left out was judged by heads that were trained to the end: it says nothing of one that was not.
  const isStopped = fitted.dense !== null && last + 1 < epochs;
  const honest = isStopped ? null : evaluation;
  const familiarities = new Map(strangers?.known.map(({ path, familiarity }) => [path, familiarity]));
  const model = await exportClassifier({
    ...{ head: fitted, strangers, labels, evaluation: honest },
    preparation: { backbone, preprocessing },
  });
  return {
    ...{ model, labels, isStopped },
    head: packHead(fitted),
    backbone: nameOf(backbone.info),
    evaluation: honest,
    guesses: isStopped
      ? []
      : leftOut.map(({ picture: { path, content, label }, probabilities }) => ({
          ...{ content, label, probabilities },
          familiarity: familiarities.get(path) ?? null,
        })),
    rule: strangers?.rule ?? null,
    epochs: last + 1,
  };
}

/** The pictures as a data set. */
async function embedAll(
  { classes, views }: Pick<TrainQuestion, 'classes'> & { views: number },
  { tell, onStep }: { tell: (event: TrainEvent) => void; onStep: () => Promise<void> },
): Promise<Dataset> {
  const total = classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const pictures: Dataset['pictures'][number][] = [];
  for (const [label, { pictures: contents }] of classes.entries())
    for (const content of contents) {
      await onStep();
      const embedded = await opened().gallery.views(content, views, seed);
      // A picture may be in two classes.
      pictures.push({ path: `${label}/${content}`, content, label, views: embedded });
      tell({ type: 'prepared', done: pictures.length, total });
    }
  return { folder: 'the page', classes: classes.map(({ name }) => name), pictures, skipped: [] };
}

/** Backbone and head as one model: normalised pictures (N, height, width, 3) → probabilities (N, C). */
async function encodeKeras({
  head,
  backbone,
}: Pick<Trained, 'head' | 'backbone'>): Promise<Uint8Array<ArrayBuffer>> {
  const { model, info } = opened().backbone;
  if (backbone !== nameOf(info))
    throw new Error(
      'The model was trained with other weights than this page has by now, so it is no Keras model. Train again.',
    );
  model.trainable = false;
  const embedding = new GlobalAveragePooling2D({ name: 'global_average_pooling2d' }).apply(
    model.outputTensor,
  );
  const whole = new Model({
    inputs: model.inputs,
    outputs: toKerasHead(head, embedding),
    name: 'classifier',
  });
  return (await encodeKerasModel(whole, 'keras')) as Uint8Array<ArrayBuffer>;
}

/** The same for the same weights. */
const nameOf = ({ name, weights, sha256 }: Backbone['info']): string => sha256 ?? `${name} ${weights}`;

const keepOnly = (contents: readonly string[]) => opened().gallery.keepOnly(contents);

const changeRule: StudioCalls['changeRule'] = async ({ file, rule }) =>
  ruleChanged(new Uint8Array(await file.arrayBuffer()), rule);

function stop(run: number): void {
  stopped.add(run);
}

function faultOf(error: unknown): StudioFault {
  if (error instanceof ImageError) return 'bad picture';
  if (error instanceof DownloadError || error instanceof ClassifierError) return 'no assets';
  return /no available backend/i.test(String(error)) ? 'no runtime' : 'failed';
}

answerCalls<StudioCalls>(
  { open, look, keepOnly, train, stop, changeRule, encodeKeras },
  {
    faultOf,
    // To stop does not wait for the training.
    atOnce: ['stop'],
    transfer: {
      train: (trained) => (trained ? [trained.model.buffer] : []),
      changeRule: (bytes) => [bytes.buffer],
      encodeKeras: (bytes) => [bytes.buffer],
    },
  },
);
