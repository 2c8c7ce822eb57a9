/** Checks a classifier's file where it lies, without decoding its graph or copying its weights. */
import { sha256 } from '#platform';
import { typeNames } from '../graph/element-types.js';
import { areFinite, notFinite } from '../graph/finite-weights.js';
import { OnnxFormatError } from '../graph/onnx-format-error.js';
import { bytesFields, intField, ProtobufError, textField } from '../graph/protobuf.js';
import { checkSeal } from '../graph/seal.js';
import { checkVersions } from '../graph/versions.js';
import { type ModelMetadata, readMetadata } from './metadata.js';

/** Field numbers of ONNX's messages. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const modelProto = { irVersion: 1, graph: 7, opsetImport: 8 } as const;
const operatorSetId = { domain: 1, version: 2 } as const;
const graphProto = { initializer: 5, input: 11, output: 12 } as const;
const tensorProto = { dataType: 2, floatData: 4, name: 8, rawData: 9 } as const;
const valueInfo = { name: 1, type: 2 } as const;
const typeProto = { tensorType: 1 } as const;
const tensorType = { shape: 2 } as const;
const shapeProto = { dim: 1 } as const;
const dimension = { value: 1 } as const;

/**
 * Reads the metadata of a classifier, and checks that its file is as it was written, that it can run here, that it
 * reads pixels, that it has a label for each output, and that its weights are finite.
 *
 * @param model an ONNX file
 * @throws MetadataError when it is no classifier of this project, OnnxFormatError when a check fails
 */
export async function checkClassifier(model: Uint8Array): Promise<ModelMetadata> {
  await checkSeal(model, sha256);
  const metadata = readMetadata(model);
  try {
    checkVersions(versionsOf(model));
    checkInput(model);
    checkOutputs(model, metadata.labels);
    checkWeights(model);
  } catch (cause) {
    if (!(cause instanceof ProtobufError)) throw cause;
    throw new OnnxFormatError(`Expected an undamaged model. Received: one of which ${cause.message}.`, {
      cause,
    });
  }
  return metadata;
}

function versionsOf(model: Uint8Array): { ir: number; opset: number } {
  const own = [...bytesFields(model, modelProto.opsetImport)].filter((set) =>
    ['', 'ai.onnx'].includes(textField(set, operatorSetId.domain)),
  );
  const opset = Math.max(0, ...own.map((set) => intField(set, operatorSetId.version)));
  return { ir: intField(model, modelProto.irVersion), opset };
}

function* partsOf(model: Uint8Array, field: number): Generator<Uint8Array> {
  for (const graph of bytesFields(model, modelProto.graph)) yield* bytesFields(graph, field);
}

/** @throws OnnxFormatError unless the model reads `pixels` */
function checkInput(model: Uint8Array): void {
  const names = [...partsOf(model, graphProto.input)].map((input) => textField(input, valueInfo.name));
  if (!names.includes('pixels'))
    throw new OnnxFormatError(
      `Expected a model with an input 'pixels'. Received: one with ${names.map((name) => `'${name}'`).join(', ') || 'none'}.`,
    );
}

/** @throws OnnxFormatError unless `probabilities` are as many as the labels, where their number is fixed */
function checkOutputs(model: Uint8Array, labels: readonly string[]): void {
  for (const output of partsOf(model, graphProto.output)) {
    if (textField(output, valueInfo.name) !== 'probabilities') continue;
    const [type = none] = bytesFields(output, valueInfo.type);
    const [tensor = none] = bytesFields(type, typeProto.tensorType);
    const [shape = none] = bytesFields(tensor, tensorType.shape);
    const classes = intField([...bytesFields(shape, shapeProto.dim)].at(-1) ?? none, dimension.value);
    if (classes > 0 && classes !== labels.length)
      throw new OnnxFormatError(
        `Expected a label for each of ${classes} outputs. Received: ${labels.length} label${labels.length === 1 ? '' : 's'}: ${labels.slice(0, 3).join(', ')}${labels.length > 3 ? ', …' : ''}.`,
      );
  }
}

const none = new Uint8Array();

/** @throws OnnxFormatError when a weight is NaN or infinite */
function checkWeights(model: Uint8Array): void {
  for (const weight of partsOf(model, graphProto.initializer)) {
    const type = typeNames.get(intField(weight, tensorProto.dataType));
    const packed = type === 'float32' ? bytesFields(weight, tensorProto.floatData) : [];
    for (const data of [...bytesFields(weight, tensorProto.rawData), ...packed])
      if (type && !areFinite(data, type)) throw notFinite(textField(weight, tensorProto.name));
  }
}
