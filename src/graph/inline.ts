import { tensorOf } from './attributes.js';
import type { GraphBuilder } from './builder.js';
import type { Attribute, Graph, Model, Node, Value } from './graph.js';
import { OnnxFormatError } from './onnx.js';
import { modernise } from './opset.js';
import { prune } from './prune.js';
import { modernOpset, newestOpset, oldestOpset } from './versions.js';

/** Operations that need no word of their own about their version. */
const domains: ReadonlySet<string> = new Set(['', 'ai.onnx', 'com.microsoft']);

export interface InlineOptions {
  /** A value in `g` for each of the graph's inputs, by its name. */
  readonly inputs: Readonly<Record<Value, Value>>;
  /** The wanted value. Nodes that it does not depend on are left out. */
  readonly output: Value;
  /** Takes the weights, where they are not to lie in `g`, which is the body of a loop then. Default: `g`. */
  readonly weights?: GraphBuilder;
}

/**
 * Writes a graph from elsewhere into `g`, in the operator set `Math.max(18, opset)`. Its names are kept, with the open
 * scope before them; a value without a name, or with a number for one, is called after its operation.
 *
 * @returns the value in `g` that `output` has become
 * @throws OnnxFormatError when nothing makes `output`, OpsetError when an operation means something else today
 */
export function inline(g: GraphBuilder, model: Model, { inputs, output, weights = g }: InlineOptions): Value {
  const { graph, opset } = model;
  if (!(opset >= oldestOpset && opset <= newestOpset))
    throw new OnnxFormatError(
      `Expected operator set ${oldestOpset} to ${newestOpset}. Received: ${opset}. Hint: export the model anew, with opset_version=${modernOpset}.`,
    );
  const names = new Map<Value, Value>([['', ''], ...Object.entries(inputs)]);
  writeNodes(g, prune(graph, [output]), { names, opset, weights });
  const result = names.get(output);
  if (result !== undefined) return result;
  throw new OnnxFormatError(`Expected an operation that makes '${output}'. Received: none.`);
}

interface Writing {
  /** The name in `g` of each value of the graph. */
  readonly names: Map<Value, Value>;
  readonly opset: number;
  readonly weights: GraphBuilder;
}

function writeNodes(
  g: GraphBuilder,
  { initializers, nodes }: Pick<Graph, 'initializers' | 'nodes'>,
  writing: Writing,
) {
  const { names, opset, weights } = writing;
  const readers = new Map(
    nodes
      .flatMap((node) => node.inputs.map((value, i) => [value, `${node.op}/input_${i}`] as const))
      .reverse(),
  );
  for (const [name, tensor] of initializers)
    names.set(name, weights.initializer(readable(name) ?? readers.get(name) ?? 'weight', tensor));
  for (const node of nodes) {
    const domain = node.domain ?? '';
    if (!domains.has(domain))
      throw new OnnxFormatError(
        `Expected ONNX's own operations. Received: ${node.op} of '${domain}'. Hint: if it is a function of the model, inline it with onnx.inliner.inline_local_functions.`,
      );
    const constant = node.op === 'Constant' ? tensorOf(node, 'value') : undefined;
    if (constant) {
      const [output] = node.outputs as [Value];
      names.set(output, weights.initializer(readable(output) ?? readers.get(output) ?? 'constant', constant));
      continue;
    }
    const read = node.inputs.map((input) => {
      const name = names.get(input);
      if (name !== undefined) return name;
      throw new OnnxFormatError(
        `Expected an operation that makes '${input}' before '${node.name}'. Received: none.`,
      );
    });
    const base = readable(node.name) ?? node.op;
    const name = g.unique(base);
    for (const [i, value] of node.outputs.entries()) {
      if (value === '') continue;
      const own = readable(value) ?? (node.outputs.length > 1 ? `${base}:${i}` : undefined);
      names.set(value, own === undefined ? name : g.unique(own));
    }
    const renamed: Node = {
      ...node,
      ...(domain === 'ai.onnx' ? { domain: '' } : {}),
      name,
      inputs: read,
      outputs: node.outputs.map((value) => names.get(value) ?? ''),
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([key, value]) => [key, withGraph(g, value, writing)]),
      ),
    };
    g.add(opset < modernOpset ? modernise(g, renamed, opset) : renamed);
  }
}

/** A name as it is shown, without the slash that PyTorch begins with; undefined for none, and for a number. */
function readable(name: string): string | undefined {
  const shown = name.replace(/^\/+/, '');
  return /^\d*$/.test(shown) ? undefined : shown;
}

/** An attribute as it is, or a subgraph that reads the values under their new names. */
function withGraph(g: GraphBuilder, attribute: Attribute, writing: Writing): Attribute {
  if (typeof attribute !== 'object' || !('graph' in attribute)) return attribute;
  const { graph } = attribute;
  const body = g.subgraph(g.unique(readable(graph.name) ?? 'body'));
  const names = new Map(writing.names);
  for (const { name, type, dims } of graph.inputs)
    names.set(name, body.input(readable(name) ?? 'input', type, dims));
  writeNodes(body, graph, { ...writing, names, weights: body });
  for (const { name, type, dims } of graph.outputs) {
    const value = names.get(name);
    if (value === undefined)
      throw new OnnxFormatError(`Expected an operation that makes '${name}'. Received: none.`);
    body.output(value, value, type, dims);
  }
  return { graph: body.build() };
}
