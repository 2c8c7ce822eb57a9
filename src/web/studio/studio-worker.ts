/** The worker of the studio: embeds pictures, trains, and writes models, away from the page. */

import { DownloadError } from '#platform';
import { type Backbone, loadBackbone } from '../../classifier/backbone.js';
import { type Dataset, splitDataset } from '../../classifier/dataset.js';
import { trainHead } from '../../classifier/head.js';
import { exportClassifier } from '../../classifier/write-classifier.js';
import type { Engine } from '../../engine/engine.js';
import { ortWeb } from '../../engine/ort-web.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { ImageError } from '../../images/image.js';
import { Callback, type Logs } from '../../keras/callbacks/callback.js';
import { GlobalAveragePooling2D } from '../../keras/layers/global-pooling2d.js';
import { Sequential } from '../../keras/models/sequential.js';
import { RandomState } from '../../keras/random/random-state.js';
import { encodeKerasModel } from '../../keras/saving/index.js';
import { ClassifierError } from '../classifier-protocol.js';
import { download } from '../kept-download.js';
import { Embedder } from './embedder.js';
import type { Look, Reply, Request, StudioFault, Trained } from './studio-protocol.js';

interface Scope {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

const scope = globalThis as unknown as Scope;

/** Chooses which pictures are held back, the first weights, the order and the views. */
const seed = 0;
/** Longer side of a thumbnail in pixels. */
const thumbnailSide = 160;

/** `studio.json`, which the build writes. */
interface Config {
  /** As `loadBackbone` takes them: `'vggface2'`, or the path of a file. */
  readonly weights: string;
}

interface Opened {
  readonly engine: Engine;
  readonly backbone: Backbone;
  readonly preprocessing: Preprocessing;
  readonly embedder: Embedder;
}

let opened: Promise<Opened> | undefined;
let trained: { readonly backbone: Backbone; readonly head: Sequential } | undefined;
let isStopped = false;

async function open(): Promise<Opened> {
  const at = (path: string) => new URL(path, location.href).href;
  const { weights } = JSON.parse(new TextDecoder().decode(await download(at('studio.json')))) as Config;
  const backbone = await loadBackbone({ weights });
  const crop = weights === 'vggface2' ? 'face' : 'none';
  const preprocessing: Preprocessing = {
    size: backbone.size,
    crop,
    noFace: 'whole',
    exif: true,
    ...backbone.scaling,
  };
  const engine = await ortWeb({
    wasmPaths: { mjs: at('ort-wasm-simd-threaded.mjs'), wasm: at('ort-wasm-simd-threaded.wasm') },
  });
  const embedder = await Embedder.open(engine, {
    backbone,
    preprocessing,
    ...(crop === 'face' ? { detectorModel: await download(at('face-detector.onnx')) } : {}),
  });
  return { engine, backbone, preprocessing, embedder };
}

async function look(picture: Blob): Promise<Look> {
  const { embedder } = await opened!;
  const { content, image, cut, faces } = await embedder.add(picture);
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
  return { content, thumbnail, faces };
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

async function train({ id, classes, settings }: Extract<Request, { type: 'train' }>): Promise<Trained> {
  const { engine, backbone, preprocessing, embedder } = await opened!;
  isStopped = false;
  const { views, validationSplit, ...options } = settings;
  const total = classes.reduce((sum, { pictures }) => sum + pictures.length, 0);
  const pictures: Dataset['pictures'][number][] = [];
  for (const [label, { pictures: contents }] of classes.entries())
    for (const content of contents) {
      const embedded = await embedder.views(content, views, seed);
      pictures.push({ path: content, content, label, views: embedded });
      scope.postMessage({ id, type: 'prepared', done: pictures.length, total });
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
    callbacks: [new EpochReporter((epoch, logs) => scope.postMessage({ id, type: 'epoch', epoch, logs }))],
  });
  const seconds = (performance.now() - began) / 1000;
  trained = { backbone, head };
  const model = exportClassifier({ head, preparation: { backbone, preprocessing }, labels, evaluation });
  return { model: model as Uint8Array<ArrayBuffer>, evaluation, history, bestEpoch, seconds };
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

async function answer(request: Request): Promise<void> {
  const { id } = request;
  switch (request.type) {
    case 'open':
      opened = open();
      await opened;
      return scope.postMessage({ id, type: 'opened' });
    case 'look': {
      const seen = await look(request.picture);
      return scope.postMessage({ id, type: 'looked', ...seen }, [seen.thumbnail]);
    }
    case 'train': {
      const outcome = await train(request);
      return scope.postMessage({ id, type: 'trained', ...outcome }, [outcome.model.buffer]);
    }
    case 'keras': {
      const bytes = await encodeKeras();
      return scope.postMessage({ id, type: 'keras', bytes }, [bytes.buffer]);
    }
    case 'stop':
      isStopped = true;
      return scope.postMessage({ id, type: 'stopped' });
  }
}

function faultOf(error: unknown): StudioFault {
  if (error instanceof ImageError) return 'bad picture';
  if (error instanceof DownloadError || error instanceof ClassifierError) return 'no assets';
  return /no available backend/i.test(String(error)) ? 'no runtime' : 'failed';
}

// One after the other, so that no two large pictures are in memory at once; but to stop does not wait.
let queue = Promise.resolve();
scope.addEventListener('message', ({ data }) => {
  const run = () =>
    answer(data).catch((error) =>
      scope.postMessage({
        id: data.id,
        type: 'failed',
        fault: faultOf(error),
        message: error instanceof Error ? error.message : String(error),
      }),
    );
  if (data.type === 'stop') void run();
  else queue = queue.then(run);
});
