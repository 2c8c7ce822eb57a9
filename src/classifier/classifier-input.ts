import { type Graph, makersOf, type Node, type Value } from '../graph/graph.js';

/** Operations after a classifier's last layer, which give its output another form. */
const forms: ReadonlySet<string> = new Set([
  'Cast',
  'Flatten',
  'GlobalAveragePool',
  'Identity',
  'Log',
  'LogSoftmax',
  'ReduceMean',
  'Relu',
  'Reshape',
  'Softmax',
  'Squeeze',
  'Transpose',
]);
const layers: ReadonlySet<string> = new Set(['Conv', 'Gemm', 'MatMul']);

/** Classes of ImageNet, without and with one for the background. */
const imageNetClasses: readonly unknown[] = [1000, 1001];

/**
 * The input of a classifier's last layer, which transfer learning takes as features; undefined when
 * `output` is no probabilities (Softmax) and not of ImageNet's classes.
 */
export function classifierInput(graph: Graph, output: Value): Value | undefined {
  const { outputs, initializers } = graph;
  const makers = makersOf(graph);
  const isConstant = (value: Value) => initializers.has(value) || makers.get(value)?.op === 'Constant';
  const isBias = ({ op, inputs }: Node) => op === 'Add' && inputs.some(isConstant);
  let isClassifier = imageNetClasses.includes(outputs.find(({ name }) => name === output)?.dims[1]);
  let node: Node | undefined = makers.get(output);
  while (node && (forms.has(node.op) || isBias(node))) {
    isClassifier ||= node.op === 'Softmax' || node.op === 'LogSoftmax';
    node = makers.get(node.inputs.find((input) => !isConstant(input)) ?? '');
  }
  return isClassifier && node && layers.has(node.op) ? node.inputs[0] : undefined;
}
