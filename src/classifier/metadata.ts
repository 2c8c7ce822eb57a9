/**
 * An exported model describes itself in `metadata_props`. ONNX Runtime's JavaScript API does not show them, so
 * `readMetadata` finds them in the file.
 */

import { UserError } from '../errors.js';
import type { Preprocessing } from '../graph/preprocessing.js';
import { describeOther, ProtobufError } from '../graph/protobuf.js';
import { readProperties } from '../graph/seal.js';
import { type Precision, precisions } from './precision.js';
import type { StrangerRule } from './strangers.js';

/** Everything that a program needs to use a model, and a person to judge it. */
export interface ModelMetadata {
  /** The names of the classes, in the order of `probabilities`. */
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly backbone?: BackboneInfo;
  readonly metrics?: Metrics;
  /** Of everything that went into the file: weights, code, data. */
  readonly licences?: readonly Licence[];
  /** When a picture counts as known; absent where the model cannot tell. */
  readonly strangers?: StrangerRule;
  /** How the weights are stored; absent for `fp32`. They are computed with as float32 all the same. */
  readonly precision?: Precision;
}

/** The frozen layers and where their weights are from. */
export interface BackboneInfo {
  /** `'mobilenet'`, `'mobilenet_v2'`, or `'onnx'` for a graph from elsewhere. */
  readonly name: string;
  /** Width multiplier of a MobileNet: 0.25, 0.5, 0.75 or 1. */
  readonly alpha?: number;
  /** `'vggface2'`, `'imagenet'`, or the name of the file. */
  readonly weights: string;
  /** The value of a graph from elsewhere that the features are. */
  readonly output?: string;
  /** Of the weights' file, in hexadecimal; absent for random weights. */
  readonly sha256?: string;
  /** SPDX identifier, where it is known. */
  readonly licence?: string;
}

/** How the model did on pictures that it was not trained on. */
export interface Metrics {
  readonly samples: number;
  /** Mean categorical cross-entropy. */
  readonly loss: number;
  /** From 0 to 1. */
  readonly accuracy: number;
}

export interface Licence {
  /** The licensed work: `'MobileNet weights'`. */
  readonly work: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** The copyright line, or where the work is from. */
  readonly credit?: string;
}

/** A file that is no ONNX model, or one whose metadata are missing or wrong. */
export class MetadataError extends UserError {
  override name = 'MetadataError';
}

/** Stands for the keys below and how they are written. Grows when an older reader would go wrong. */
const format = 'ort-transfer/1';

/** Renders `metadata` as key-value pairs, JSON in all but `format`. */
export function writeMetadata(metadata: ModelMetadata): Record<string, string> {
  const { labels, preprocessing, backbone, metrics, licences, strangers, precision } = metadata;
  const entries = Object.entries({
    labels,
    preprocessing,
    backbone,
    metrics,
    licences,
    strangers,
    precision,
  });
  return Object.fromEntries([
    ['format', format],
    ...entries.filter(([, value]) => value !== undefined).map(([key, value]) => [key, JSON.stringify(value)]),
  ]);
}

/**
 * Reads a model's metadata, without decoding its graph or copying its weights.
 *
 * @param model an ONNX file
 * @throws MetadataError when the bytes are no whole ONNX model, or one that this project did not export.
 */
export function readMetadata(model: Uint8Array): ModelMetadata {
  const properties = propertiesOf(model);
  const hint = "Hint: export it with 'ort-transfer train'.";
  if (!properties.has('labels'))
    throw new MetadataError(
      `Expected a model that carries its labels. Received: an ONNX model without. ${hint}`,
    );
  const received = properties.get('format');
  if (received !== format)
    throw new MetadataError(
      `Expected a model of format '${format}'. Received: ${received ? `'${received}'` : 'none'}. ${hint}`,
    );
  const read = <T>(key: string, isValid: Guard<T>): T => {
    const text = properties.get(key);
    try {
      const value: unknown = JSON.parse(text ?? '');
      if (isValid(value)) return value;
    } catch {
      // Told below, with the text.
    }
    throw new MetadataError(
      `Expected valid '${key}' in the model's metadata. Received: ${text === undefined ? 'none' : excerpt(text)}.`,
    );
  };
  const optional = <T>(key: string, isValid: Guard<T>): Record<string, T> =>
    properties.has(key) ? { [key]: read(key, isValid) } : {};
  return {
    labels: read('labels', isLabels),
    preprocessing: read('preprocessing', isPreprocessing),
    ...optional('backbone', isBackbone),
    ...optional('metrics', isMetrics),
    ...optional('licences', isLicences),
    ...optional('strangers', isStrangerRule),
    ...optional('precision', isPrecision),
  };
}

function propertiesOf(model: Uint8Array): Map<string, string> {
  if (model.length === 0)
    throw new MetadataError(`Expected an ONNX model. Received: ${describeOther(model, null)}.`);
  try {
    return readProperties(model);
  } catch (cause) {
    if (!(cause instanceof ProtobufError)) throw cause;
    throw new MetadataError(`Expected an ONNX model. Received: ${describeOther(model, cause)}.`, { cause });
  }
}

const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

type Guard<T> = (value: unknown) => value is T;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isArrayOf = <T>(value: unknown, isItem: Guard<T>, length?: number): value is T[] =>
  Array.isArray(value) && value.every(isItem) && (length === undefined || value.length === length);

const isText = (value: unknown): value is string => typeof value === 'string';

const isNumber = (value: unknown): value is number => Number.isFinite(value);

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;

const isLabels = (value: unknown): value is string[] => isArrayOf(value, isText) && value.length > 0;

export const isPreprocessing = (value: unknown): value is Preprocessing =>
  isObject(value) &&
  isArrayOf(value.size, isSize, 2) &&
  ['none', 'center', 'face'].includes(value.crop as string) &&
  ['whole', 'skip', undefined].includes(value.noFace as string | undefined) &&
  typeof value.exif === 'boolean' &&
  ['RGB', 'BGR'].includes(value.channels as string) &&
  isArrayOf(value.mean, isNumber, 3) &&
  (isNumber(value.scale) || isArrayOf(value.scale, isNumber, 3));

const isBackbone = (value: unknown): value is BackboneInfo =>
  isObject(value) &&
  isText(value.name) &&
  isText(value.weights) &&
  (value.alpha === undefined || isNumber(value.alpha)) &&
  (value.output === undefined || isText(value.output));

const isMetrics = (value: unknown): value is Metrics =>
  isObject(value) && [value.samples, value.loss, value.accuracy].every(isNumber);

const isLicence = (value: unknown): value is Licence =>
  isObject(value) && isText(value.work) && isText(value.licence);

const isLicences = (value: unknown): value is Licence[] => isArrayOf(value, isLicence);

const isNumbers = (value: unknown): value is number[] => isArrayOf(value, isNumber) && value.length > 1;

const isStrangerRule = (value: unknown): value is StrangerRule =>
  isObject(value) &&
  ['far', 'near'].includes(value.mode as string) &&
  isNumber(value.threshold) &&
  isNumber(value.reject) &&
  isNumbers(value.quantiles) &&
  (value.mode === 'far' ||
    (isObject(value.measures) && isNumbers(value.measures.familiarity) && isNumbers(value.measures.energy)));

const isPrecision = (value: unknown): value is Precision => precisions.includes(value as Precision);
