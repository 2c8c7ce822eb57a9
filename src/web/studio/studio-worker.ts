/** The worker of the studio: embeds pictures, trains, and writes models, away from the page. */

import { DownloadError, decodeImage, sha256 } from '#platform';
import { type Backbone, backboneModel, loadBackbone } from '../../classifier/backbone.js';
import { choosePreprocessing } from '../../classifier/choose-preprocessing.js';
import { type Dataset, splitDataset } from '../../classifier/dataset.js';
import { Embedder } from '../../classifier/embedder.js';
import { denseHead } from '../../classifier/fit-head.js';
import { trainHead } from '../../classifier/head.js';
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
import { Sequential } from '../../keras/models/sequential.js';
import { RandomState } from '../../keras/random/random-state.js';
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

/** Chooses which pictures are held back, the first weights, the order and the views. */
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
let trained: { readonly backbone: Backbone; readonly head: Sequential } | undefined;
let isStopped = false;

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
  const thumbnail = await createImageBitmap(new ImageData(rgba, width, height), {
    resizeWidth: Math.max(1, Math.round(cut.width * scale)),
    resizeHeight: Math.max(1, Math.round(cut.height * scale)),
    resizeQuality: 'medium',
  });
  return { content, thumbnail, faces, flat };
}

/** Tells of each epoch, and hears in between whether to stop. */
class EpochReporter extends Callback {
  constructor(readonly report: (epoch: number, logs: Logs) => void) {
    super();
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    this.report(epoch, logs);
    // Messages are delivered between tasks.
    await new Promise((resolve) => setTimeout(resolve));
    if (isStopped) this.model.stopTraining = true;
  }
}

async function train(
  { classes, settings }: TrainQuestion,
  tell: (event: TrainEvent) => void,
): Promise<Trained> {
  const { engine, backbone, preprocessing, gallery } = opened();
  isStopped = false;
  const { views, validationSplit, ...options } = settings;
  const total = classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const pictures: Dataset['pictures'][number][] = [];
  for (const [label, { pictures: contents }] of classes.entries())
    for (const content of contents) {
      const embedded = await gallery.views(content, views, seed);
      pictures.push({ path: content, content, label, views: embedded });
      tell({ type: 'prepared', done: pictures.length, total });
    }
  const labels = classes.map(({ name }) => name);
  const all: Dataset = { folder: 'the page', classes: labels, pictures, skipped: [] };

  const [training, held] = validationSplit > 0 ? splitDataset(all, validationSplit, seed) : [all, null];
  const began = performance.now();
  const { head, evaluation, history, bestEpoch } = await trainHead({
    ...options,
    random: new RandomState(seed),
    views,
    engine,
    training,
    validation: held && held.pictures.length > 0 ? held : null,
    verbose: 0,
    callbacks: [new EpochReporter((epoch, logs) => tell({ type: 'epoch', epoch, logs }))],
  });
  const seconds = (performance.now() - began) / 1000;
  trained = { backbone, head };
  const model = await exportClassifier({
    head: denseHead(head),
    preparation: { backbone, preprocessing },
    labels,
    evaluation,
  });
  return { model, evaluation, history, bestEpoch, seconds };
}

/** Backbone and head as one model: normalised pictures (N, height, width, 3) → probabilities (N, C). */
async function encodeKeras(): Promise<Uint8Array<ArrayBuffer>> {
  if (!trained) throw new Error('Expected a trained model. Received: none yet.');
  const whole = new Sequential(
    [trained.backbone.model, new GlobalAveragePooling2D(), ...trained.head.layers],
    {
      name: 'classifier',
    },
  );
  return (await encodeKerasModel(whole, 'keras')) as Uint8Array<ArrayBuffer>;
}

function stop(): void {
  isStopped = true;
}

function faultOf(error: unknown): StudioFault {
  if (error instanceof ImageError) return 'bad picture';
  if (error instanceof DownloadError || error instanceof ClassifierError) return 'no assets';
  return /no available backend/i.test(String(error)) ? 'no runtime' : 'failed';
}

answerCalls<StudioCalls>(
  { open, look, train, stop, encodeKeras },
  {
    faultOf,
    // To stop does not wait for the training.
    atOnce: ['stop'],
    transfer: {
      look: ({ thumbnail }) => [thumbnail],
      train: ({ model }) => [model.buffer],
      encodeKeras: (bytes) => [bytes.buffer],
    },
  },
);
