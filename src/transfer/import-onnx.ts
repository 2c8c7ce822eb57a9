import type { Graph, Node, Value } from '../graph/graph.js';
import { readMetadata } from '../graph/metadata.js';
import { decodeModel } from '../graph/onnx.js';
import type { Preprocessing } from '../graph/preprocessing.js';
import type { ActivationName } from '../keras/activations.js';
import { Activation } from '../keras/layers/activation.js';
import { Add } from '../keras/layers/add.js';
import { Conv2D } from '../keras/layers/conv2d.js';
import { Dense } from '../keras/layers/dense.js';
import { DepthwiseConv2D } from '../keras/layers/depthwise-conv2d.js';
import { GlobalAveragePooling2D } from '../keras/layers/global-pooling2d.js';
import { Input } from '../keras/layers/input.js';
import { type KerasTensor, type Layer, ValueError } from '../keras/layers/layer.js';
import { ReLU } from '../keras/layers/relu.js';
import type { Pair } from '../keras/layers/window.js';
import { ZeroPadding2D } from '../keras/layers/zero-padding2d.js';
import { Model } from '../keras/models/model.js';

/** A classifier as layers, with what its file said of labels and pictures. */
export interface ImportedClassifier {
  /** Reads pictures that are prepared as `preprocessing` says: float32 (N, height, width, 3). */
  readonly model: Model;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
}

/**
 * Makes Keras layers of a classifier that this project exported. Batch normalisation, which the export folded into
 * the convolutions, stays in them: the layers compute the same.
 *
 * @throws MetadataError or OnnxFormatError when it is no such file, ValueError for what has no layer
 */
export function importClassifier(bytes: Uint8Array): ImportedClassifier {
  const { labels, preprocessing } = readMetadata(bytes);
  const { graph } = decodeModel(bytes);
  const first = graph.nodes.findIndex(({ op }) => op === 'Conv');
  if (first < 0)
    throw new ValueError('Expected a classifier with convolutions. Received: an ONNX model without.');
  const inputs = Input({ shape: [...preprocessing.size, 3], name: 'pictures' });
  const reader = new Reader(graph);
  reader.values.set(graph.nodes[first]!.inputs[0]!, inputs);
  const output = graph.outputs[0]!.name;
  for (const node of graph.nodes.slice(first)) {
    reader.read(node);
    if (reader.values.has(output)) break;
  }
  const outputs = reader.values.get(output);
  if (!outputs) throw new ValueError(`Expected layers that lead to '${output}'. Received: none.`);
  return { model: new Model({ inputs, outputs, name: 'classifier' }), labels, preprocessing };
}

/** Operations that Dense has as its activation. */
const activations: Readonly<Record<string, ActivationName>> = {
  Relu: 'relu',
  Sigmoid: 'sigmoid',
  Softmax: 'softmax',
  Tanh: 'tanh',
};

/** Reads nodes one after the other, each into a layer. */
class Reader {
  readonly values = new Map<Value, KerasTensor>();
  readonly #taken = new Set<string>();

  constructor(readonly graph: Graph) {}

  read(node: Node): void {
    const [x] = node.inputs;
    const output = node.outputs[0]!;
    const input = this.values.get(x!);
    // Parts of the graph that no picture flows through belong to none of the layers.
    if (!input) return;
    const add = (layer: Layer, from: KerasTensor | KerasTensor[] = input) =>
      this.values.set(output, layer.apply(from));
    const { attributes } = node;
    if (this.values.has(output)) return;
    const name = this.#name(node);
    switch (node.op) {
      case 'Conv':
        this.#convolution(node, input, name);
        return;
      case 'Gemm': {
        const kernel = this.#floats(node, 1);
        if (attributes.transA || attributes.transB)
          throw new ValueError(
            `Expected '${node.name}' to multiply as Dense does. Received: a transposed matrix.`,
          );
        const bias = node.inputs[2] ? [this.#floats(node, 2).data] : [];
        const next = this.#activationAfter(node);
        const layer = new Dense({
          units: kernel.dims[1]!,
          useBias: bias.length > 0,
          activation: next && activations[next.op],
          name,
        });
        add(layer);
        layer.setWeights([kernel.data, ...bias]);
        if (next) this.values.set(next.outputs[0]!, layer.output);
        return;
      }
      case 'Clip': {
        const [low, high] = [this.#floats(node, 1).data[0], this.#floats(node, 2).data[0]];
        if (low !== 0) throw new ValueError(`Expected '${node.name}' to clip at 0. Received: ${low}.`);
        add(new ReLU({ maxValue: high!, name }));
        return;
      }
      case 'Relu':
        add(new ReLU({ name }));
        return;
      case 'Softmax':
      case 'Sigmoid':
      case 'Tanh':
        add(new Activation({ activation: activations[node.op]!, name }));
        return;
      case 'GlobalAveragePool':
        add(new GlobalAveragePooling2D({ name }));
        return;
      case 'Add':
        add(
          new Add({ name }),
          node.inputs.map((value) => this.#tensor(node, value)),
        );
        return;
      case 'Flatten':
      case 'Identity':
        if (node.op === 'Identity' || input.shape.length === 2) {
          this.values.set(output, input);
          return;
        }
    }
    throw new ValueError(
      `Expected operations that have a Keras layer here. Received: ${node.op} ('${node.name}'). Hint: convert models that 'ort-transfer train' exported, as they are.`,
    );
  }

  /** Pads by itself, since Keras knows no more than 'same' and 'valid'. */
  #convolution(node: Node, input: KerasTensor, name: string): void {
    const {
      group = 1,
      strides = [1, 1],
      pads = [0, 0, 0, 0],
      dilations = [1, 1],
      auto_pad,
    } = node.attributes as Partial<Record<'strides' | 'pads' | 'dilations', number[]>> & {
      group?: number;
      auto_pad?: string;
    };
    if (auto_pad !== undefined && auto_pad !== 'NOTSET')
      throw new ValueError(`Expected pads in '${node.name}'. Received: auto_pad ${auto_pad}.`);
    const { dims, data } = this.#floats(node, 1);
    const [filters, depth, height, width] = dims as [number, number, number, number];
    const [top, left, bottom, right] = pads as [number, number, number, number];
    const padded = pads.some((pad) => pad > 0)
      ? new ZeroPadding2D({
          padding: [
            [top, bottom],
            [left, right],
          ],
          name: this.#unique(`${name}_pad`),
        }).apply(input)
      : input;
    const bias = node.inputs[2] ? [this.#floats(node, 2).data] : [];
    const shared = {
      kernelSize: [height, width] as Pair,
      strides: strides as unknown as Pair,
      dilationRate: dilations as unknown as Pair,
      useBias: bias.length > 0,
      name,
      // These have no backward pass here.
      trainable: false,
    };
    const isDepthwise = group > 1 && group === input.shape[3] && depth === 1;
    const layer = isDepthwise
      ? new DepthwiseConv2D({ ...shared, depthMultiplier: filters / group })
      : new Conv2D({ ...shared, filters, groups: group });
    this.values.set(node.outputs[0]!, layer.apply(padded));
    // (filters, depth, height, width) → (height, width, depth, filters); depthwise, filters are channels by multiplier.
    const size = height * width;
    const columns = depth * filters;
    const kernel = new Float32Array(data.length);
    for (let filter = 0; filter < filters; filter++)
      for (let channel = 0; channel < depth; channel++)
        for (let position = 0; position < size; position++)
          kernel[position * columns + channel * filters + filter] =
            data[(filter * depth + channel) * size + position]!;
    layer.setWeights([kernel, ...bias]);
  }

  /** The activation that alone reads what the node makes. */
  #activationAfter({ outputs }: Node): Node | undefined {
    const readers = this.graph.nodes.filter(({ inputs }) => inputs.includes(outputs[0]!));
    return readers.length === 1 && Object.hasOwn(activations, readers[0]!.op) ? readers[0] : undefined;
  }

  #tensor(node: Node, value: Value): KerasTensor {
    const tensor = this.values.get(value);
    if (tensor) return tensor;
    throw new ValueError(`Expected layers before '${node.name}'. Received: '${value}', which none makes.`);
  }

  #floats(node: Node, i: number): { dims: readonly number[]; data: Float32Array } {
    const name = node.inputs[i] ?? '';
    const tensor = this.graph.initializers.get(name);
    if (tensor?.data instanceof Float32Array) return { dims: tensor.dims, data: tensor.data };
    throw new ValueError(
      `Expected weights in single precision at input ${i} of '${node.name}'. Received: ${tensor?.type ?? 'what is computed'}. Hint: export the model with --precision fp32.`,
    );
  }

  /** The layer that the node was written by: `backbone/conv1/Conv` → `conv1`. */
  #name({ name, op }: Node): string {
    const parts = name.split('/');
    return this.#unique(parts.length > 1 && parts.at(-1) === op ? parts.at(-2)! : parts.at(-1)!);
  }

  #unique(base: string): string {
    let name = base;
    for (let count = 1; this.#taken.has(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    return name;
  }
}
