import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readFile, readModel, readText, sha256 } from '#platform';
import { buildClassifier } from '../../classifier/build.js';
import { sealModel } from '../../classifier/seal-model.js';
import { ValueError } from '../../errors.js';
import { GraphBuilder } from '../../graph/builder.js';
import { fold } from '../../graph/fold.js';
import type { Model as OnnxModel } from '../../graph/graph.js';
import { inferenceContext } from '../../graph/inference.js';
import { type Preprocessing, type ScalingName, scalings } from '../../graph/preprocessing.js';
import { checkSeal } from '../../graph/seal.js';
import type { KerasTensor } from '../../keras/layers/layer.js';
import { Functional } from '../../keras/models/functional.js';
import type { Model } from '../../keras/models/model.js';
import { writeModel } from '../../keras/models/plan.js';
import { isObject, parseJson } from '../../keras/python/json.js';
import { isZip } from '../../keras/saving/archive.js';
import { isHdf5 } from '../../keras/saving/hdf5.js';
import {
  decodeKerasModel,
  decodeTfjsModel,
  encodeKerasModel,
  tfjsWeightFiles,
} from '../../keras/saving/index.js';
import { formatSummary } from '../../keras/summary.js';
import { writeOver } from '../write-over.js';
import { type HeadActivation, headOf, scalesLevels, writeProbabilities } from './classifier-head.js';
import { type ImportedModel, importOnnx } from './onnx-to-layers.js';

export interface ConvertOptions {
  /** A Keras file, an ONNX model of this project, a TF.js `model.json`, or a folder that holds one. */
  readonly input: string;
  /** File to write: `.h5`, `.keras` or `.onnx`. */
  readonly out: string;
  /** The names of the classes, in the model's order. Default: as the model's file says. */
  readonly labels?: readonly string[];
  /**
   * How levels are scaled, in the words of Keras's `preprocess_input`. Default: as the model's file says, `'none'` where
   * the model begins with layers that scale them, else `'tf'`.
   */
  readonly scaling?: ScalingName;
  /** The part of a picture that the model sees. Default: as the model's file says, else `'none'`, the whole. */
  readonly crop?: Preprocessing['crop'];
  /** Makes probabilities of a linear last layer. Default: as the loss says that the model was compiled with. */
  readonly activation?: HeadActivation;
  /** Told of everything that is left out. Default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** A model with its labels, its preprocessing and its origin, where its file, or one beside it, tells them. */
export interface OpenedModel extends Omit<ImportedModel, 'preprocessing'> {
  readonly preprocessing?: Partial<Preprocessing>;
}

/**
 * Opens a model of any of these formats, which its content tells.
 *
 * @throws ValueError, Hdf5FormatError, TfjsFormatError, MetadataError or OnnxFormatError for files that are none
 */
export async function openModel(
  path: string,
  { warn = console.warn }: Pick<ConvertOptions, 'warn'> = {},
): Promise<OpenedModel> {
  if ((await stat(path)).isDirectory()) return openTfjs(join(path, 'model.json'));
  const bytes = await readModel(path);
  if (isZip(bytes) || isHdf5(bytes)) {
    try {
      return { model: await decodeKerasModel(bytes, { warn }) };
    } catch (error) {
      if (!(error as Error).message.includes('`compile: false`')) throw error;
      warn(
        `What the model was compiled with is left out. ${(error as Error).message.replace(/ Hint: .*/, '')}`,
      );
      return { model: await decodeKerasModel(bytes, { compile: false, warn }) };
    }
  }
  if (path.endsWith('.json')) return openTfjs(path);
  await checkSeal(bytes, sha256);
  return importOnnx(bytes);
}

/** Teachable Machine cuts out the square in the middle, and divides levels by 127 where others do by 127.5. */
const teachableMachine = { channels: 'RGB', mean: [127, 127, 127], scale: 1 / 127, crop: 'center' } as const;

async function openTfjs(path: string): Promise<OpenedModel> {
  const text = await readText(path);
  const files: Record<string, Uint8Array> = {};
  for (const file of tfjsWeightFiles(text)) files[file] = await readFile(join(dirname(path), file));
  const model = decodeTfjsModel(text, files);
  const metadata = await readText(join(dirname(path), 'metadata.json')).catch(ifAbsent);
  const parsed = metadata === null ? null : parseJson(metadata, "'metadata.json'");
  const labels = isObject(parsed) ? parsed.labels : undefined;
  const isLabels = Array.isArray(labels) && labels.every((label) => typeof label === 'string');
  return { model, ...(isLabels ? { labels, preprocessing: teachableMachine } : {}) };
}

/** The table of a model's layers, as Keras prints it. */
export async function summarise(path: string, options: Pick<ConvertOptions, 'warn'> = {}): Promise<string> {
  const { model } = await openModel(path, options);
  return formatSummary(model, { optimizer: model.compilation?.optimizer });
}

/**
 * Rewrites a model in another format.
 *
 * @returns the model that was written, and notes for whoever uses it
 * @throws ValueError where labels are missing or too many
 */
export async function convertModel(options: ConvertOptions): Promise<{ model: Model; notes: string[] }> {
  const { input, out } = options;
  if (!/\.(h5|hdf5|keras|onnx)$/.test(out) || out.endsWith('.weights.h5'))
    throw new ValueError(`Expected a file to write that ends in .h5, .keras or .onnx. Received: ${out}.`);
  const opened = await openModel(input, options);
  const { model } = opened;
  if (!out.endsWith('.onnx')) {
    if (options.activation)
      throw new ValueError(`Expected an .onnx file to write with \`activation\`. Received: ${out}.`);
    await writeOver(out, await encodeKerasModel(model, out.endsWith('.keras') ? 'keras' : 'h5'));
    return { model, notes: describePictures(opened) };
  }
  const isPictures = model.inputs.length === 1 && model.inputShape.length === 4 && model.inputShape[3] === 3;
  const isClassifier = isPictures && (tellsClasses(model) || options.labels !== undefined);
  if (isClassifier) {
    const { onnx, notes } = classifier(opened, options);
    await writeOver(out, await sealModel(onnx));
    return { model, notes: [...notes] };
  }
  if (options.activation)
    throw new ValueError(
      'Expected a model that tells classes of pictures apart with `activation`. Received: one that does not.',
    );
  await writeOver(out, await sealModel(plain(opened, options)));
  const note = isPictures
    ? `The model tells no classes apart, so it is written as it is: train on its features with \`weights\` ${out}.`
    : 'The model reads no pictures, so it is written as it is.';
  return { model, notes: [note] };
}

/** Sentences on preprocessing and classes, which Keras's files do not hold. */
export function describePictures({ model, preprocessing, labels, strangers }: OpenedModel): string[] {
  if (preprocessing?.mean === undefined) return [];
  const { channels, mean, scale } = preprocessing;
  return [
    ...(strangers ? ["Keras's files keep nothing that tells strangers: that is left out."] : []),
    `The model reads pictures of ${model.inputShape.slice(1, 3).join(' × ')} pixels, ${channels}: (level − ${mean.join(', ')}) × ${scale}`,
    ...(labels ? [`Classes: ${labels.join(', ')}`] : []),
  ];
}

/** Whether a model ends in classes, rather than in a map or a pooled map. */
const tellsClasses = ({ outputTensor }: Pick<Model, 'outputTensor'>): boolean => isOfClasses(outputTensor);

function isOfClasses({ shape, layer, inputs }: KerasTensor): boolean {
  if (layer instanceof Functional) return tellsClasses(layer);
  if (shape.length !== 2) return false;
  // The mean of several heads.
  if (['Rescaling', 'Add'].includes(layer.className)) return inputs.every(isOfClasses);
  return ['Dense', 'Activation', 'Softmax'].includes(layer.className);
}

/** The model with preprocessing and labels in it. */
function classifier(
  { model, preprocessing, labels: own, strangers: _, ...origin }: OpenedModel,
  options: ConvertOptions,
): { onnx: OnnxModel; notes: readonly string[] } {
  const labels = options.labels ?? own;
  const outputs = model.outputShape.at(-1);
  const classes = outputs === 1 ? 2 : outputs;
  const size = model.inputShape.slice(1, 3);
  if (model.outputShape.length !== 2 || size.includes(null))
    throw new ValueError(
      `Expected a model of pictures of one size that tells classes apart. Received: (${model.inputShape}) → (${model.outputShape}).`,
    );
  if (!labels)
    throw new ValueError(
      `Expected the names of ${classes} classes. Received: none. Hint: list them with \`labels\`.`,
    );
  if (labels.length !== classes)
    throw new ValueError(
      `Expected the names of ${classes} classes. Received: ${labels.length}: ${labels.join(', ')}.`,
    );
  const head = headOf(model, options.activation);
  const notes = [...head.notes];
  if (head.isPair)
    notes.push(`The one output is the probability of '${labels[1]}', and the rest that of '${labels[0]}'.`);
  const scalesItself = !options.scaling && !preprocessing?.mean && scalesLevels(model);
  if (scalesItself) notes.push('The model scales levels itself, so that it is given them from 0 to 255.');
  const scaling = scalings[options.scaling ?? (scalesItself ? 'none' : 'tf')];
  const onnx = buildClassifier({
    metadata: {
      labels,
      preprocessing: {
        crop: 'none',
        exif: true,
        ...scaling,
        ...(options.scaling ? {} : preprocessing),
        ...(options.crop ? { crop: options.crop } : {}),
        size: size as [number, number],
      },
      ...origin,
    },
    backbone: (g, images) => ({ embedding: model.forward(inferenceContext(g), [images]).output }),
    head: (g, output) => writeProbabilities(g, output, head),
  });
  return { onnx: { ...onnx, graph: fold(onnx.graph) }, notes };
}

/** The model alone: float32 in, float32 out, as Keras has them, and how pictures are scaled, where that is known. */
function plain({ model, preprocessing: own }: OpenedModel, options: ConvertOptions): OnnxModel {
  const g = new GraphBuilder(model.name);
  const named = (shape: readonly (number | null)[]) => [
    'N',
    ...shape.slice(1).map((dim, i) => dim ?? `d${i}`),
  ];
  const inputs = model.inputs.map(({ layer, shape }) => g.input(layer.name, 'float32', named(shape)));
  const { output } = writeModel(model, inferenceContext(g), inputs);
  g.output('output', output, 'float32', named(model.outputShape));
  const scaling = options.scaling ? scalings[options.scaling] : own;
  const [height, width] = model.inputShape.slice(1);
  const preprocessing = { size: [height ?? 224, width ?? 224], crop: 'none', exif: true, ...scaling };
  return {
    graph: fold(g.build()),
    opset: 13,
    ...(scaling ? { metadata: { preprocessing: JSON.stringify(preprocessing) } } : {}),
  };
}

/**
 * Names from a list with commas, or from a file: one a line, with numbers from 0 before them or without, or a JSON list.
 * In Unicode's form NFC, as folders are.
 */
export async function readLabels(value: string): Promise<string[]> {
  const entry = await stat(value).catch(() => null);
  if (!entry || entry.isDirectory()) return value.split(',').map((label) => label.trim().normalize());
  return parseLabels(await readText(value), value).map((label) => label.normalize());
}

function parseLabels(file: string, path: string): string[] {
  // Notepad begins files with a mark of their encoding.
  const text = file.replace(/^\uFEFF/, '');
  if (!/^\s*[[{]/.test(text)) return withoutNumbers(text.split(/\r?\n/).filter((line) => line.trim() !== ''));
  const json = parseJson(text, `'${path}'`);
  const labels = isObject(json) ? json.labels : json;
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw new ValueError(`Expected a list of names in ${path}. Received: other JSON.`);
}

/** Teachable Machine numbers names: "0 ants". */
function withoutNumbers(lines: string[]): string[] {
  const isNumbered = lines.every((line, i) => line.startsWith(`${i} `));
  return isNumbered ? lines.map((line, i) => line.slice(`${i} `.length)) : lines;
}

/** @throws every error but that of a file that is not there */
function ifAbsent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
