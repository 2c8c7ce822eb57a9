import type { GraphBuilder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import { inferenceContext } from '../graph/inference.js';
import { float32 } from '../graph/tensor.js';
import type { FittedHead } from './fit-head.js';
import { writeLogistic } from './logistic.js';
import { writeFamiliarity } from './prototypes.js';
import type { StrangerModel } from './strangers.js';

/**
 * Writes a head: embedding (N, D) → probabilities (N, C), the mean of softmax(dense / T) and softmax(logistic).
 *
 * Where answers are to owe nothing to how often a class was seen, log(n_c/N) is taken from the logits before.
 */
export function writeHead(
  g: GraphBuilder,
  embedding: Value,
  { dense, logistic, logPrior }: FittedHead,
): Value {
  const flatten = (logits: Value): Value =>
    logPrior ? g.op('Sub', [logits, g.initializer('log_prior', float32(logPrior))]) : logits;
  const softmax = (logits: Value): Value => g.op('Softmax', [flatten(logits)], { axis: -1 });
  const parts: Value[] = [];
  if (dense) {
    const { output, logits } = dense.model.forward(inferenceContext(g), [embedding]);
    if (dense.temperature === 1 && !logPrior) parts.push(output);
    else if (logits) parts.push(softmax(divide(g, logits.value, dense.temperature)));
    else throw new Error('Expected a head that ends in softmax.');
  }
  if (logistic) parts.push(g.scope('logistic', () => softmax(writeLogistic(g, embedding, logistic))));
  const [first, second] = parts;
  if (first === undefined)
    throw new Error('Expected a head of dense layers, of logistic regression, or both.');
  return second === undefined ? first : g.op('Mul', [g.op('Add', [first, second]), g.scalar(0.5)]);
}

const divide = (g: GraphBuilder, logits: Value, temperature: number): Value =>
  temperature === 1
    ? logits
    : g.op('Div', [logits, g.initializer('temperature', float32([temperature], []))]);

/** Writes `familiarity` (N), and `energy` (N), log Σ exp of the logistic head's logits, where the rule asks for it. */
export function writeStrangers(
  g: GraphBuilder,
  embedding: Value,
  { prototypes, rule }: StrangerModel,
  { logistic }: FittedHead,
): Readonly<Record<string, Value>> {
  const familiarity = writeFamiliarity(g, embedding, prototypes);
  if (rule.mode === 'far' || !logistic) return { familiarity };
  const logits = writeLogistic(g, embedding, logistic);
  const top = g.op('ReduceMax', [logits, g.ints(1)], { keepdims: 1 });
  const sum = g.op('ReduceSum', [g.op('Exp', [g.op('Sub', [logits, top])]), g.ints(1)], { keepdims: 1 });
  const energy = g.op('Add', [g.op('Log', [sum]), top]);
  return { familiarity, energy: g.op('Squeeze', [energy, g.ints(1)]) };
}
