/**
 * Measures speed, memory and accuracy, and prints a table: `make bench`.
 *
 * Competitors run in turn in one process, and medians are compared: the ratios mean something on a noisy machine, the
 * milliseconds little.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAccuracy } from './bench/accuracy.js';
import { benchArticle } from './bench/article.js';
import { benchFeatures, benchMemory, drawLargePhotos } from './bench/features.js';
import { benchFineTuning } from './bench/fine-tune.js';
import type { Row } from './bench/median.js';
import { benchNetworks } from './bench/networks.js';
import { benchPage } from './bench/page.js';
import { benchPictures } from './bench/pictures.js';
import { benchPrecision } from './bench/precision.js';
import { benchResizing } from './bench/resizing.js';
import { benchServer } from './bench/server.js';
import { benchTraining } from './bench/training.js';

const { values } = parseArgs({
  options: {
    /** A folder of photos for the row on features, and of classes for those on fine-tuning. Default: drawn ones. */
    photos: { type: 'string' },
    /** Fewer rounds, to see whether it runs. */
    quick: { type: 'boolean', default: false },
    /** Peak memory while 20,000 pictures are embedded, which takes minutes. */
    memory: { type: 'boolean', default: false },
    /** Keras beside the article's job, fine-tuning and the networks, which takes minutes and the Python that KERAS_PYTHON names. */
    keras: { type: 'boolean', default: false },
    /** Only the parts that are named: training, article, fine-tuning, features, pictures, accuracy, precision, networks, page, server. */
    only: { type: 'string' },
  },
});
const { quick, only } = values;
const rounds = quick ? 1 : 7;
const wanted = (name: string) => only === undefined || only.split(',').includes(name);
const print = (rows: readonly Row[]) => {
  for (const [what, result] of rows) console.log(`${what.padEnd(50)} ${result}`);
};

console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} threads, Node ${process.version}\n`);
if (wanted('training')) print(await benchTraining({ rounds }));
if (wanted('features')) {
  const drawn = join(tmpdir(), `ort-transfer-photos-${process.pid}`);
  if (!values.photos) await drawLargePhotos(drawn, quick ? 20 : 300);
  print(await benchFeatures({ photos: values.photos ?? drawn, rounds: quick ? 1 : 3 }));
  await rm(drawn, { recursive: true, force: true });
}
if (values.memory) print(await benchMemory({ count: quick ? 500 : 20_000 }));

const named = process.env.KERAS_PYTHON ?? '.venv/bin/python';
const python = existsSync(named) ? named : undefined;
if (values.keras && !python) console.log(`Keras is left out: there is no ${named}`);
if (wanted('networks')) print(await benchNetworks({ rounds, python: values.keras ? python : undefined }));
const sample = 'data/characters';
if (wanted('article'))
  print(
    await benchArticle({
      ...{ sample, rounds: quick ? 1 : 3, quick },
      ...(values.keras ? { python } : {}),
    }),
  );
if (wanted('fine-tuning'))
  print(
    await benchFineTuning({
      ...{ photos: `${sample}/train`, rounds: quick ? 1 : 3, quick },
      ...(values.photos ? { photos: values.photos } : {}),
      ...(values.keras ? { python } : {}),
    }),
  );
if (wanted('pictures')) print(await benchPictures({ rounds, python }));
const trained = { sample, model: 'onnx/model.onnx' };
if (wanted('accuracy')) print([...(await benchAccuracy(trained)), ...(await benchResizing(trained))]);
if (wanted('precision')) print(await benchPrecision({ ...trained, rounds }));
if (wanted('server')) {
  const drawn = join(tmpdir(), `ort-transfer-uploads-${process.pid}`);
  await drawLargePhotos(drawn, 16);
  const photos = join(drawn, 'photos');
  print(await benchServer({ model: trained.model, photos, rounds: quick ? 2 : 8 }));
  await rm(drawn, { recursive: true, force: true });
}
if (wanted('page')) print(await benchPage({ ...trained, rounds: quick ? 1 : 5 }));
