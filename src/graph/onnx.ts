/**
 * Graphs to and from ONNX files: the only file that knows onnx-proto.
 * Format: https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
import proto from 'onnx-proto';
import { subgraphsOf } from './attributes.js';
import { checkOrder } from './check-order.js';
import { typeCodes, typeNames } from './element-types.js';
import { type DecodeOptions, readExternalData } from './external-data.js';
import type { Attribute, Dim, Graph, Model, Node, ValueInfo } from './graph.js';
import { OnnxFormatError } from './onnx-format-error.js';
import { checkMessage, describeOther } from './protobuf.js';
import { sealProperties } from './seal.js';
import { arrayTypes, type DataType, sizeOf, type Tensor } from './tensor.js';
import { checkVersions } from './versions.js';

export { OnnxFormatError } from './onnx-format-error.js';

const { onnx } = proto;

/** ONNX Runtime and all older readers know this version. */
const irVersion = 8;

const { AttributeType } = onnx.AttributeProto;
const text = {
  encode: (s: string) => new TextEncoder().encode(s),
  decode: (b: Uint8Array) => new TextDecoder().decode(b),
};

/** Serialises a model as an ONNX file. */
export function encodeModel({ graph, opset, metadata = {} }: Model): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion,
    producerName: 'ort-transfer',
    opsetImport: [
      { domain: '', version: opset },
      ...(usesDomain(graph, 'com.microsoft') ? [{ domain: 'com.microsoft', version: 1 }] : []),
    ],
    graph: encodeGraph(graph),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  }).finish();
}

const usesDomain = (graph: Graph, domain: string): boolean =>
  graph.nodes.some(
    (node) => node.domain === domain || subgraphsOf(node).some(([, inner]) => usesDomain(inner, domain)),
  );

function encodeGraph(graph: Graph): proto.onnx.IGraphProto {
  return {
    name: graph.name,
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
    initializer: Array.from(graph.initializers, ([name, tensor]) => encodeTensor(tensor, name)),
    node: graph.nodes.map((node) => ({
      name: node.name,
      opType: node.op,
      domain: node.domain ?? '',
      input: [...node.inputs],
      output: [...node.outputs],
      attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
    })),
  };
}

const encodeValueInfo = ({ name, type, dims }: ValueInfo): proto.onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: typeCodes[type],
      shape: { dim: dims.map((dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })) },
    },
  },
});

const encodeTensor = ({ type, dims, data }: Tensor, name = ''): proto.onnx.ITensorProto => ({
  name,
  dataType: typeCodes[type],
  dims: [...dims],
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

function encodeAttribute(name: string, value: Attribute): proto.onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: toInt64(value) };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: text.encode(value) };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('floats' in value) return { name, type: AttributeType.FLOATS, floats: [...value.floats] };
  if ('strings' in value)
    return { name, type: AttributeType.STRINGS, strings: value.strings.map(text.encode) };
  if ('tensor' in value) return { name, type: AttributeType.TENSOR, t: encodeTensor(value.tensor) };
  if ('graph' in value) return { name, type: AttributeType.GRAPH, g: encodeGraph(value.graph) };
  return { name, type: AttributeType.INTS, ints: value.map(toInt64) };
}

/** Exporters write 2⁶³ − 1 for "to the end", which as a number is 2⁶³, and would be written as −2⁶³. */
const toInt64 = (value: number): number => Math.min(value, 2 ** 63 - 1024);

/**
 * Reads an ONNX file. Its graphs are in order: whatever a node reads was made before.
 *
 * @throws OnnxFormatError when the bytes are no ONNX model, or one of a kind that is not read here
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Model {
  let model: proto.onnx.ModelProto;
  try {
    checkMessage(bytes);
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw new OnnxFormatError(`Expected an ONNX model. Received: ${describeOther(bytes, cause)}.`, { cause });
  }
  const opset = Number(model.opsetImport.find((o) => !o.domain || o.domain === 'ai.onnx')?.version ?? 1);
  checkVersions({ ir: Number(model.irVersion), opset });
  if (!model.graph) throw new OnnxFormatError('Expected an ONNX model. Received: a file without a graph.');
  const graph = decodeGraph(model.graph, options, 0);
  checkOrder(graph);
  return {
    graph,
    opset,
    metadata: Object.fromEntries(
      model.metadataProps
        .map(({ key, value }) => [key ?? '', value ?? ''] as const)
        .filter(([key]) => !sealProperties.has(key)),
    ),
  };
}

/** How deep graphs lie in one another at most: exporters need two or three levels. */
const deepest = 32;

function decodeGraph(graph: proto.onnx.IGraphProto, options: DecodeOptions, depth: number): Graph {
  if (depth > deepest)
    throw new OnnxFormatError(`Expected at most ${deepest} graphs inside one another. Received: more.`);
  const [sparse] = graph.sparseInitializer ?? [];
  if (sparse)
    throw new OnnxFormatError(
      `Expected weights with all their values. Received: '${sparse.values?.name ?? ''}' as a sparse tensor. Hint: export the model anew without.`,
    );
  const initializers = new Map(
    (graph.initializer ?? []).map((tensor) => [tensor.name ?? '', decodeTensor(tensor, options)]),
  );
  return {
    name: graph.name ?? '',
    // Before IR 4 every initializer was an input, too.
    inputs: (graph.input ?? []).filter(({ name }) => !initializers.has(name ?? '')).map(decodeValueInfo),
    outputs: (graph.output ?? []).map(decodeValueInfo),
    initializers,
    nodes: (graph.node ?? []).map((node) => decodeNode(node, options, depth)),
  };
}

function decodeNode(node: proto.onnx.INodeProto, options: DecodeOptions, depth: number): Node {
  return {
    op: node.opType ?? '',
    ...(node.domain ? { domain: node.domain } : {}),
    name: node.name ?? '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: Object.fromEntries(
      (node.attribute ?? []).map((a) => [a.name ?? '', decodeAttribute(a, options, depth)]),
    ),
  };
}

function decodeValueInfo({ name, type }: proto.onnx.IValueInfoProto): ValueInfo {
  const { elemType, shape } = type?.tensorType ?? {};
  return {
    name: name ?? '',
    type: decodeType(elemType, name),
    dims: (shape?.dim ?? []).map((dim, i): Dim => {
      const { dimParam, dimValue } = dim;
      // Some exporters write −1 where they mean any.
      return dimParam ? dimParam : Number(dimValue) > 0 ? Number(dimValue) : `dim_${i}`;
    }),
  };
}

function decodeType(code: number | null | undefined, name: string | null | undefined): DataType {
  const type = typeNames.get(code ?? 0);
  if (type) return type;
  const other = Object.entries(onnx.TensorProto.DataType).find(([, number]) => number === code)?.[0];
  throw new OnnxFormatError(
    `Expected '${name}' to be of ${[...typeNames.values()].join(', ')}. Received: ${other?.toLowerCase() ?? `ONNX element type ${code}`}. Hint: export the model in float32.`,
  );
}

function decodeTensor(tensor: proto.onnx.ITensorProto, { readExternal }: DecodeOptions): Tensor {
  const { name } = tensor;
  const type = decodeType(tensor.dataType, name);
  const dims = (tensor.dims ?? []).map(Number);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw new OnnxFormatError(`Expected a shape of '${name}'. Received: (${dims.join(', ')}).`);
  const size = sizeOf(dims);
  const isExternal = tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
  const ArrayType = arrayTypes[type];
  const rawData = isExternal ? readExternalData(tensor, readExternal) : tensor.rawData;
  let data: Tensor['data'];
  if (rawData?.length) {
    if (rawData.length !== size * ArrayType.BYTES_PER_ELEMENT)
      throw new OnnxFormatError(
        `Expected ${size} elements of ${type} in '${name}'. Received: ${rawData.length} bytes.`,
      );
    // A copy, since the bytes need not lie aligned; in Node, `slice` would not copy.
    data = new ArrayType(new Uint8Array(rawData).buffer);
  } else {
    const values =
      [tensor.floatData, tensor.int32Data, tensor.int64Data, tensor.doubleData, tensor.uint64Data].find(
        (list) => list?.length,
      ) ?? [];
    if (values.length !== size)
      throw new OnnxFormatError(`Expected ${size} elements in '${name}'. Received: ${values.length}.`);
    data =
      type === 'int64'
        ? BigInt64Array.from(values, (v) => BigInt(String(v)))
        : (ArrayType as Float32ArrayConstructor).from(values, Number);
  }
  return { type, dims, data } as Tensor;
}

function decodeAttribute(
  attribute: proto.onnx.IAttributeProto,
  options: DecodeOptions,
  depth: number,
): Attribute {
  const { name, type } = attribute;
  switch (type) {
    case AttributeType.INT:
      return Number(attribute.i ?? 0);
    case AttributeType.STRING:
      return text.decode(attribute.s ?? new Uint8Array());
    case AttributeType.FLOAT:
      return { float: attribute.f ?? 0 };
    case AttributeType.FLOATS:
      return { floats: attribute.floats ?? [] };
    case AttributeType.INTS:
      return (attribute.ints ?? []).map(Number);
    case AttributeType.STRINGS:
      return { strings: (attribute.strings ?? []).map(text.decode) };
    case AttributeType.TENSOR:
      return { tensor: decodeTensor(attribute.t ?? {}, options) };
    case AttributeType.GRAPH:
      return { graph: decodeGraph(attribute.g ?? {}, options, depth + 1) };
    default:
      throw new OnnxFormatError(
        `Expected a plain attribute. Received: '${name}' of ONNX attribute type ${type}.`,
      );
  }
}
