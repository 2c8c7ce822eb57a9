import { floatOf, intOf, intsOf, subgraphsOf, textOf } from './attributes.js';
import { type Graph, makersOf, type Node, type Value } from './graph.js';
import { float32, type Tensor } from './tensor.js';
import { transpose } from './transpose.js';

/**
 * Rewrites a graph that predicts into a smaller one that computes the same:
 *
 * - `Transpose` and `Reshape` of weights are done now,
 * - zeros that `Pad` puts around an image become the padding of the `Conv` that follows,
 * - `BatchNormalization` goes into the weights of the `Conv` before it.
 *
 * Results differ by rounding alone. MobileNet loses 27 `BatchNormalization` and 4 `Pad` nodes of 85.
 */
export function fold(graph: Graph): Graph {
  const folding = new Folding(graph);
  folding.constants();
  folding.pads();
  folding.batchNormalization();
  return folding.result();
}

class Folding {
  #nodes: Node[];
  readonly #initializers: Map<Value, Tensor>;
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#nodes = [...graph.nodes];
    this.#initializers = new Map(graph.initializers);
  }

  /** Without the weights that nothing reads any more. */
  result(): Graph {
    const uses = this.#uses();
    const initializers = new Map([...this.#initializers].filter(([name]) => uses.has(name)));
    return { ...this.#graph, nodes: this.#nodes, initializers };
  }

  constants(): void {
    this.#nodes = this.#nodes.filter((node) => {
      const [data, shape] = node.inputs.map((input) => this.#initializers.get(input));
      const [output = ''] = node.outputs;
      if (data?.type !== 'float32' || this.#isOutput(output)) return true;
      if (node.op === 'Transpose') {
        this.#initializers.set(output, transpose(data, intsOf(node, 'perm')));
        return false;
      }
      const dims = shape?.type === 'int64' ? Array.from(shape.data as BigInt64Array, Number) : undefined;
      // 0 and −1 take a size from the data; the layers write plain sizes.
      if (node.op !== 'Reshape' || !dims?.every((dim) => dim > 0)) return true;
      this.#initializers.set(output, { ...data, dims });
      return false;
    });
  }

  pads(): void {
    this.#mergePairs('Pad', 'Conv', (pad, conv) => {
      const amounts = this.#initializers.get(pad.inputs[1] ?? '');
      if (amounts?.type !== 'int64' || amounts.data.length !== 8) return undefined;
      const [n0, c0, top = 0, left = 0, n1, c1, bottom = 0, right = 0] = Array.from(
        amounts.data as BigInt64Array,
        Number,
      );
      const sides = [top, left, bottom, right];
      const fits = [n0, c0, n1, c1].every((amount) => amount === 0) && sides.every((amount) => amount >= 0);
      const mode = textOf(pad, 'mode', 'constant');
      const value = pad.inputs[2] ? this.#initializers.get(pad.inputs[2])?.data[0] : 0;
      const [autoPad, pads] = [textOf(conv, 'auto_pad', 'NOTSET'), intsOf(conv, 'pads', [0, 0, 0, 0])];
      // Pad says its axes as a fourth input, where it is not all of them.
      if (!fits || pad.inputs[3] || mode !== 'constant' || value !== 0 || autoPad !== 'NOTSET')
        return undefined;
      const sum = sides.map((amount, side) => amount + (pads[side] ?? 0));
      return {
        ...conv,
        inputs: [...pad.inputs.slice(0, 1), ...conv.inputs.slice(1)],
        attributes: { ...conv.attributes, pads: sum },
      };
    });
  }

  /**
   * Per output channel, with s = gamma / √(variance + ε):
   * kernel′ = kernel · s, bias′ = (bias − mean) · s + beta.
   */
  batchNormalization(): void {
    this.#mergePairs('Conv', 'BatchNormalization', (conv, norm) => {
      const [kernel, bias] = conv.inputs.slice(1).map((input) => this.#floats(input));
      const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((input) => this.#floats(input));
      if (!kernel || (conv.inputs[2] && !bias) || !gamma || !beta || !mean || !variance) return undefined;
      if (intOf(norm, 'training_mode', 0) !== 0) return undefined;
      const epsilon = floatOf(norm, 'epsilon', 1e-5);
      const scale = Array.from(
        gamma.data,
        (value, c) => value / Math.sqrt((variance.data[c] ?? 0) + epsilon),
      );
      const perChannel = kernel.data.length / scale.length;

      const folded = new Float32Array(kernel.data.length);
      for (const [c, s] of scale.entries())
        for (let i = c * perChannel; i < (c + 1) * perChannel; i++) folded[i] = kernel.data[i]! * s;
      const at = (values: Tensor<'float32'> | undefined, c: number) => values?.data[c] ?? 0;
      const shift = scale.map((s, c) => (at(bias, c) - at(mean, c)) * s + at(beta, c));
      const newKernel = this.#add(`${conv.name}/kernel`, float32(folded, kernel.dims));
      const newBias = this.#add(`${conv.name}/bias`, float32(shift));
      return {
        ...conv,
        inputs: [...conv.inputs.slice(0, 1), newKernel, newBias],
        outputs: norm.outputs.slice(0, 1),
      };
    });
  }

  /**
   * Replaces each pair of nodes, of which the second is the only reader of the first, by the node that `merge` returns.
   * The pair stays when that is undefined.
   */
  #mergePairs(first: string, second: string, merge: (first: Node, second: Node) => Node | undefined): void {
    const uses = this.#uses();
    const makers = makersOf({ nodes: this.#nodes });
    const merged = new Map<Node, Node | null>();
    for (const node of this.#nodes) {
      const before = makers.get(node.inputs[0] ?? '');
      if (node.op !== second || before?.op !== first) continue;
      if (uses.get(before.outputs[0] ?? '') !== 1) continue;
      const one = merge(before, node);
      if (!one) continue;
      merged.set(before, null);
      merged.set(node, one);
    }
    this.#nodes = this.#nodes.flatMap((node) => {
      const replacement = merged.get(node);
      return replacement === null ? [] : [replacement ?? node];
    });
  }

  /** How often each value is read, as an output of the graph and within subgraphs, too. */
  #uses(): Map<Value, number> {
    const uses = new Map<Value, number>();
    const count = (value: Value) => uses.set(value, (uses.get(value) ?? 0) + 1);
    const visit = ({ nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>) => {
      for (const node of nodes) {
        node.inputs.forEach(count);
        for (const [, inner] of subgraphsOf(node)) visit(inner);
      }
      for (const { name } of outputs) count(name);
    };
    visit({ nodes: this.#nodes, outputs: this.#graph.outputs });
    return uses;
  }

  /** Adds a weight. Graphs from elsewhere may have one of this name, which others share. */
  #add(name: string, tensor: Tensor): Value {
    let free = name;
    for (let count = 1; this.#initializers.has(free); count++) free = `${name}_${count}`;
    this.#initializers.set(free, tensor);
    return free;
  }

  #isOutput(value: Value): boolean {
    return this.#graph.outputs.some(({ name }) => name === value);
  }

  #floats(value: Value): Tensor<'float32'> | undefined {
    const tensor = this.#initializers.get(value);
    return tensor?.type === 'float32' ? (tensor as Tensor<'float32'>) : undefined;
  }
}
