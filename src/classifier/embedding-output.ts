import { UserError } from '../errors.js';
import { GraphBuilder } from '../graph/builder.js';
import { type Graph, type Model, makersOf, type Value } from '../graph/graph.js';

/** A model whose embedding cannot be told from its other values. */
export class EmbeddingError extends UserError {
  override name = 'EmbeddingError';
}

/**
 * Adds the output `embedding`, float32 (N, D), to a classifier: the value that its head reads of its backbone.
 *
 * @throws EmbeddingError where the head has no weights of its own, as in models that were converted
 */
export function withEmbedding(model: Model): Model {
  const { graph } = model;
  const g = GraphBuilder.extending(graph);
  const embedding = g.scope('embedding', () => g.op('Identity', [embeddingOf(graph)]));
  g.output('embedding', embedding, 'float32', ['N', 'D']);
  return { ...model, graph: g.build() };
}

function embeddingOf(graph: Graph): Value {
  const makers = makersOf(graph);
  const isOf = (scope: string, value: Value) => makers.get(value)?.name.startsWith(`${scope}/`) === true;
  const head = graph.nodes.filter(({ name }) => name.startsWith('head/'));
  const hasWeights = head.some(({ op }) => op === 'Gemm' || op === 'MatMul');
  const read = new Set(head.flatMap(({ inputs }) => inputs.filter((value) => isOf('backbone', value))));
  const [embedding, ...others] = read;
  if (hasWeights && embedding !== undefined && others.length === 0) return embedding;
  throw new EmbeddingError(
    "Expected a model that 'train' made, with a backbone and a head. Received: one that is in one piece. Hint: a model that 'convert' made gives probabilities alone.",
  );
}
