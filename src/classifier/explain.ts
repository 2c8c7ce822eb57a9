import { UserError } from '../errors.js';
import { floatOf, intOf } from '../graph/attributes.js';
import { GraphBuilder } from '../graph/builder.js';
import { firstInput, type Graph, type Model, makersOf, type Node, type Value } from '../graph/graph.js';
import { oneHot } from '../graph/one-hot.js';
import { tensor } from '../graph/tensor.js';
import { unitLengthBackward } from '../graph/unit-length.js';

/** A model whose answers cannot be traced back to its pictures. */
export class ExplainError extends UserError {
  override name = 'ExplainError';
}

/**
 * Adds an output that tells where a classifier looked: `heatmap`, float32 (N, h, w), from 0 to 1, over the model's
 * input. This is Grad-CAM for the likeliest class, computed in the graph.
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
  const { map, branches, answers, classes } = traceHead(graph);
  const g = GraphBuilder.extending(graph);
  const heatmap = g.scope('heatmap', () => {
    const dLogits = likeliest(g, answers, classes);
    // The parts of a mixed head speak with one voice: z is the sum of their logits for the class.
    const dEmbedding = branches
      .map((steps) => steps.reduceRight((dy, { node, backward }) => backward(g, node, dy), dLogits))
      .reduce((sum, part) => g.op('Add', [sum, part]));
    return gradCam(g, { map, dEmbedding });
  });
  g.output('heatmap', heatmap, 'float32', ['N', 'h', 'w']);
  return { ...model, graph: g.build() };
}

/** Whether the model tells where it looked. */
const isExplained = ({ outputs }: Graph): boolean => outputs.some(({ name }) => name === 'heatmap');

/** The path from the backbone's last map to the logits. */
interface Head {
  /** (N, D, h, w) */
  readonly map: Value;
  /** The operations from the embedding to the logits of each part of the head, in order. */
  readonly branches: readonly (readonly Step[])[];
  /** Logits or probabilities (N, C), whose largest is the likeliest class. */
  readonly answers: Value;
  readonly classes: number;
}

interface Step {
  readonly node: Node;
  readonly backward: Backward;
}

function traceHead(graph: Graph): Head {
  const makers = makersOf(graph);
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

  const parts = partsOf(output.name, maker);
  const traces = parts.map((logits) => traceSteps(logits, { makers, maker }));
  const [map, ...others] = new Set(traces.map((trace) => mapOf(trace.embedding, maker)));
  if (map === undefined || others.length > 0)
    throw new ExplainError('Expected a head that reads one map. Received: one that reads several.');
  const [first = '', second] = parts;
  return {
    map,
    branches: traces.map(({ steps }) => steps),
    answers: second === undefined ? first : output.name,
    classes,
  };
}

type Maker = (value: Value) => Node;

/** The logits behind probabilities: of one head, or of each that a mean is taken of. */
function partsOf(value: Value, maker: Maker): Value[] {
  const node = maker(value);
  if (toProbabilities.has(node.op)) return partsOf(firstInput(node), maker);
  const sum = node.op === 'Mul' ? maker(firstInput(node)) : node;
  const isMean = sum.op === 'Add' && sum.inputs.every((part) => toProbabilities.has(maker(part).op));
  return isMean ? sum.inputs.flatMap((part) => partsOf(part, maker)) : [value];
}

function traceSteps(
  logits: Value,
  { makers, maker }: { makers: ReadonlyMap<Value, Node>; maker: Maker },
): { steps: Step[]; embedding: Value } {
  const steps: Step[] = [];
  let value = logits;
  for (;;) {
    const node = maker(value);
    const [, second] = node.inputs;
    const isOfTwo = ofConstant.has(node.op) && second !== undefined && makers.has(second);
    const backward = isOfTwo ? undefined : backwards.get(node.op);
    if (!backward) return { steps, embedding: value };
    steps.unshift({ node, backward });
    value = firstInput(node);
  }
}

/** The map (N, D, h, w) that an embedding is the mean of. */
function mapOf(embedding: Value, maker: Maker): Value {
  const flatten = maker(embedding);
  const pool = flattens.has(flatten.op) ? maker(firstInput(flatten)) : flatten;
  if (pool.op === 'GlobalAveragePool') return firstInput(pool);
  throw new ExplainError(
    `Expected a head of ${[...backwards.keys()].join(', ')} on a map's mean (GlobalAveragePool). Received: ${pool.op} (node '${pool.name}').`,
  );
}

/** Operations between logits and probabilities, which keep their order. */
const toProbabilities: ReadonlySet<string> = new Set(['Identity', 'Softmax', 'Sigmoid']);
/** Operations that make (N, D) of (N, D, 1, 1). */
const flattens: ReadonlySet<string> = new Set(['Flatten', 'Reshape', 'Squeeze']);

/** From the gradient with respect to a node's output, that with respect to its first input, of the same batch. */
type Backward = (g: GraphBuilder, node: Node, dy: Value) => Value;

/** Operations that are differentiated here where their second input is a constant. */
const ofConstant: ReadonlySet<string> = new Set(['Sub', 'Mul', 'Div']);

const backwards: ReadonlyMap<string, Backward> = new Map<string, Backward>(
  Object.entries({
    Identity: (_, __, dy) => dy,
    /** y (N, U) = x (N, D) · kernel (D, U) + bias: dx = dy · kernelᵀ. */
    Gemm: (g, node, dy) => {
      const [, kernel = ''] = node.inputs;
      if (intOf(node, 'transA', 0) !== 0 || floatOf(node, 'alpha', 1) !== 1)
        throw new ExplainError(
          `Expected x · kernel + bias. Received: Gemm with transA or alpha ('${node.name}').`,
        );
      return g.op('Gemm', [dy, kernel], { transB: intOf(node, 'transB', 0) === 0 ? 1 : 0 });
    },
    LpNormalization: (g, { inputs: [x = ''], outputs: [y = ''] }, dy) =>
      unitLengthBackward(g, { x, y, dy, axis: 1 }),
    /** Of a constant. */
    Sub: (_, __, dy) => dy,
    /** By a constant. */
    Div: (g, { inputs: [, divisor = ''] }, dy) => g.op('Div', [dy, divisor]),
    Mul: (g, { inputs: [, factor = ''] }, dy) => g.op('Mul', [dy, factor]),
    /** dx = dy where y > 0. */
    Relu: (g, { outputs: [y = ''] }, dy) =>
      g.op('Where', [g.op('Greater', [y, g.scalar(0)]), dy, g.scalar(0)]),
  } satisfies Record<string, Backward>),
);

/** The gradient of the likeliest class's logit with respect to the logits (N, C): 1 for it and 0 for the others. */
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
