import { UserError } from '../errors.js';
import { floatOf, intOf } from '../graph/attributes.js';
import { GraphBuilder } from '../graph/builder.js';
import type { Graph, Model, Node, Value } from '../graph/graph.js';
import { oneHot } from '../graph/one-hot.js';
import { tensor } from '../graph/tensor.js';

/** A model whose answers cannot be traced back to its pictures. */
export class ExplainError extends UserError {
  override name = 'ExplainError';
}

/**
 * Adds an output that tells where a classifier looked: `heatmap`, float32 (N, h, w), from 0 to 1, over what the
 * model was given. This is Grad-CAM for the likeliest class, computed in the graph.
 *
 * With A the backbone's last map (N, D, h, w), e its mean over h and w, and z the likeliest class's logit, the
 * weight of feature k is Σ ∂z/∂A[k] / hw. As z depends on A through e alone, that is ∂z/∂e[k] / hw, so the backward
 * pass goes through the head and no further. Heat is ReLU(Σ_k ∂z/∂e[k] · A[k]), divided by its largest value, which
 * takes the 1/hw with it. It is 0 everywhere where nothing speaks for the class.
 *
 * Source: Selvaraju et al., Grad-CAM, https://arxiv.org/abs/1610.02391.
 *
 * @throws ExplainError when the head is no chain of layers that can be differentiated here, or reads no pooled map
 *
 * @example
 * await writeFile('why.onnx', encodeModel(explain(decodeModel(await readFile('model.onnx')))));
 */
export function explain(model: Model): Model {
  const { graph } = model;
  if (isExplained(graph)) return model;
  const { map, steps, logits, classes } = traceHead(graph);
  const g = GraphBuilder.extending(graph);
  const heatmap = g.scope('heatmap', () => {
    const dLogits = likeliest(g, logits, classes);
    const dEmbedding = steps.reduceRight((dy, step) => backward[step.op]!(g, step, dy), dLogits);
    return gradCam(g, { map, dEmbedding });
  });
  g.output('heatmap', heatmap, 'float32', ['N', 'h', 'w']);
  return { ...model, graph: g.build() };
}

/** Whether the model tells where it looked. */
const isExplained = ({ outputs }: Graph): boolean => outputs.some(({ name }) => name === 'heatmap');

/** The path from what the backbone saw to what the head makes of it. */
interface Head {
  /** (N, D, h, w) */
  readonly map: Value;
  /** What leads from the embedding to the logits, in order. */
  readonly steps: readonly Node[];
  /** (N, C) */
  readonly logits: Value;
  readonly classes: number;
}

function traceHead(graph: Graph): Head {
  const makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const output = graph.outputs.find(({ name }) => name === 'probabilities');
  if (!output)
    throw new ExplainError(
      `Expected an output 'probabilities'. Received: ${graph.outputs.map(({ name }) => `'${name}'`).join(', ')}.`,
    );
  const classes = output.dims.at(-1);
  if (typeof classes !== 'number')
    throw new ExplainError(`Expected a fixed number of classes. Received: '${classes}'.`);
  const maker = (value: Value): Node => {
    const node = makers.get(value);
    if (node) return node;
    throw new ExplainError(
      `Expected a head that reads a map's mean (GlobalAveragePool). Received: one that reads '${value}'.`,
    );
  };

  let logits = output.name;
  while (toProbabilities.has(maker(logits).op)) logits = maker(logits).inputs[0]!;
  const steps: Node[] = [];
  let value = logits;
  for (let node = maker(value); Object.hasOwn(backward, node.op); node = maker(value)) {
    steps.unshift(node);
    value = node.inputs[0]!;
  }
  const flatten = maker(value);
  const pool = flattens.has(flatten.op) ? maker(flatten.inputs[0]!) : flatten;
  if (pool.op !== 'GlobalAveragePool')
    throw new ExplainError(
      `Expected a head of ${Object.keys(backward).join(', ')} on a map's mean (GlobalAveragePool). Received: ${pool.op} (node '${pool.name}').`,
    );
  return { map: pool.inputs[0]!, steps, logits, classes };
}

/** What stands between logits and probabilities, and keeps their order. */
const toProbabilities: ReadonlySet<string> = new Set(['Identity', 'Softmax', 'Sigmoid']);
/** What makes (N, D) of (N, D, 1, 1). */
const flattens: ReadonlySet<string> = new Set(['Flatten', 'Reshape', 'Squeeze']);

/** From the gradient with respect to a node's output, that with respect to its first input, of the same batch. */
const backward: Readonly<Record<string, (g: GraphBuilder, node: Node, dy: Value) => Value>> = {
  Identity: (_, __, dy) => dy,
  /** y (N, U) = x (N, D) · kernel (D, U) + bias: dx = dy · kernelᵀ. */
  Gemm: (g, node, dy) => {
    const [, kernel] = node.inputs;
    if (intOf(node, 'transA', 0) !== 0 || floatOf(node, 'alpha', 1) !== 1)
      throw new ExplainError(
        `Expected x · kernel + bias. Received: Gemm with transA or alpha ('${node.name}').`,
      );
    return g.op('Gemm', [dy, kernel!], { transB: intOf(node, 'transB', 0) === 0 ? 1 : 0 });
  },
  /** dx = dy where y > 0. */
  Relu: (g, { outputs: [y] }, dy) => g.op('Where', [g.op('Greater', [y!, g.scalar(0)]), dy, g.scalar(0)]),
};

/** 1 for the likeliest class and 0 for the others: what its logit's gradient is with respect to the logits (N, C). */
function likeliest(g: GraphBuilder, logits: Value, classes: number): Value {
  const top = g.op('ArgMax', [logits], { axis: 1, keepdims: 0 });
  const count = g.initializer('classes', tensor('int64', BigInt64Array.of(BigInt(classes)), []));
  return oneHot(g, top, count);
}

/** @returns heat (N, h, w) */
function gradCam(g: GraphBuilder, { map, dEmbedding }: { map: Value; dEmbedding: Value }): Value {
  const weights = g.op('Unsqueeze', [dEmbedding, g.ints(2, 3)]);
  const sum = g.op('ReduceSum', [g.op('Mul', [map, weights]), g.ints(1)], { keepdims: 0 });
  const heat = g.op('Relu', [sum]);
  const most = g.op('ReduceMax', [heat, g.ints(1, 2)], { keepdims: 1 });
  const divisor = g.op('Where', [g.op('Greater', [most, g.scalar(0)]), most, g.scalar(1)]);
  return g.op('Div', [heat, divisor]);
}
