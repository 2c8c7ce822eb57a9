/**
 * Graphs to and from ONNX files: the only file that knows onnx-proto.
 * Format: https://github.com/onnx/onnx/blob/main/docs/IR.md
 */
import proto from 'onnx-proto';
import type { Attribute, Dim, Graph, Model, Node, ValueInfo } from './graph.js';
import { arrayTypes, type DataType, sizeOf, type Tensor } from './tensor.js';

const { onnx } = proto;

/** What ONNX Runtime reads without complaint and every older reader knows, too. */
const irVersion = 8;

const elementTypes: Record<DataType, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
};
/** Element types by the numbers that ONNX files and `Cast` give them. */
export const typeNames: ReadonlyMap<number, DataType> = new Map(
  Object.entries(elementTypes).map(([name, code]) => [code, name as DataType]),
);

const { AttributeType } = onnx.AttributeProto;
const text = {
  encode: (s: string) => new TextEncoder().encode(s),
  decode: (b: Uint8Array) => new TextDecoder().decode(b),
};

/** A file that is not an ONNX model, or one that this project cannot read. */
export class OnnxFormatError extends Error {
  override name = 'OnnxFormatError';
}

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
    (node) =>
      node.domain === domain ||
      Object.values(node.attributes).some(
        (a) => typeof a === 'object' && 'graph' in a && usesDomain(a.graph, domain),
      ),
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
      elemType: elementTypes[type],
      shape: { dim: dims.map((dim) => (typeof dim === 'string' ? { dimParam: dim } : { dimValue: dim })) },
    },
  },
});

const encodeTensor = ({ type, dims, data }: Tensor, name = ''): proto.onnx.ITensorProto => ({
  name,
  dataType: elementTypes[type],
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
 * Reads an ONNX file.
 *
 * @throws OnnxFormatError when the bytes are no ONNX model, or hold what this project has no words for.
 */
export function decodeModel(bytes: Uint8Array): Model {
  let model: proto.onnx.ModelProto;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    throw new OnnxFormatError(`Expected an ONNX model. Received: ${bytes.length} bytes that do not parse.`, {
      cause,
    });
  }
  if (!model.graph) throw new OnnxFormatError('Expected an ONNX model. Received: a file without a graph.');
  return {
    graph: decodeGraph(model.graph),
    opset: Number(model.opsetImport.find((o) => !o.domain || o.domain === 'ai.onnx')?.version ?? 1),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
  };
}

function decodeGraph(graph: proto.onnx.IGraphProto): Graph {
  const initializers = new Map((graph.initializer ?? []).map((t) => [t.name ?? '', decodeTensor(t)]));
  return {
    name: graph.name ?? '',
    // Before IR 4 every initializer was an input, too.
    inputs: (graph.input ?? []).filter(({ name }) => !initializers.has(name ?? '')).map(decodeValueInfo),
    outputs: (graph.output ?? []).map(decodeValueInfo),
    initializers,
    nodes: (graph.node ?? []).map(decodeNode),
  };
}

function decodeNode(node: proto.onnx.INodeProto): Node {
  return {
    op: node.opType ?? '',
    ...(node.domain ? { domain: node.domain } : {}),
    name: node.name ?? '',
    inputs: node.input ?? [],
    outputs: node.output ?? [],
    attributes: Object.fromEntries((node.attribute ?? []).map((a) => [a.name ?? '', decodeAttribute(a)])),
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
  if (!type)
    throw new OnnxFormatError(`Expected a number type for '${name}'. Received: ONNX element type ${code}.`);
  return type;
}

function decodeTensor(tensor: proto.onnx.ITensorProto): Tensor {
  const { name } = tensor;
  const type = decodeType(tensor.dataType, name);
  const dims = (tensor.dims ?? []).map(Number);
  const size = sizeOf(dims);
  if (tensor.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL)
    throw new OnnxFormatError(
      `Expected the weights inside the file. Received: '${name}' as external data. Hint: write it as one file with onnx.save_model(…, save_as_external_data=False).`,
    );
  const ArrayType = arrayTypes[type];
  let data: Tensor['data'];
  if (tensor.rawData?.length) {
    const { rawData } = tensor;
    if (rawData.length !== size * ArrayType.BYTES_PER_ELEMENT)
      throw new OnnxFormatError(
        `Expected ${size} elements of ${type} in '${name}'. Received: ${rawData.length} bytes.`,
      );
    // A copy, since what is read need not lie aligned; in Node, `slice` would not copy.
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

function decodeAttribute(attribute: proto.onnx.IAttributeProto): Attribute {
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
      return { tensor: decodeTensor(attribute.t ?? {}) };
    case AttributeType.GRAPH:
      return { graph: decodeGraph(attribute.g ?? {}) };
    default:
      throw new OnnxFormatError(
        `Expected a plain attribute. Received: '${name}' of ONNX attribute type ${type}.`,
      );
  }
}
