import { subgraphsOf } from './attributes.js';
import type { Graph, Node, Value } from './graph.js';

/** A graph without the nodes and weights that none of these values depends on. */
export function prune<T extends Pick<Graph, 'initializers' | 'nodes'>>(
  graph: T,
  wanted: readonly Value[],
): T {
  const needed = new Set(wanted);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => value !== '' && needed.has(value))) continue;
    nodes.push(node);
    for (const value of readBy(node)) needed.add(value);
  }
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, initializers, nodes: nodes.reverse() };
}

/** The values that a node reads, those of its subgraphs included. */
function readBy(node: Node): Value[] {
  const inner = subgraphsOf(node).flatMap(([, { nodes, outputs }]) => [
    ...nodes.flatMap(readBy),
    ...outputs.map(({ name }) => name),
  ]);
  return [...node.inputs, ...inner];
}
