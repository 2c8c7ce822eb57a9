import { subgraphsOf } from './attributes.js';
import type { Graph, Value } from './graph.js';
import { OnnxFormatError } from './onnx-format-error.js';

/**
 * Checks that every value is made once, and before it is read, so that whoever follows a graph comes to an end.
 *
 * @param isOuter whether the graphs around this one make a value. Default: there are none.
 * @throws OnnxFormatError for a graph that does not keep to this
 */
export function checkOrder(
  { inputs, initializers, nodes, outputs }: Graph,
  isOuter: (value: Value) => boolean = () => false,
): void {
  const made = new Set<Value>(['', ...inputs.map(({ name }) => name), ...initializers.keys()]);
  const isMade = (value: Value): boolean => made.has(value) || isOuter(value);
  for (const node of nodes) {
    const words = `${node.op}${node.name && ` '${node.name}'`}`;
    const missing = node.inputs.find((value) => !isMade(value));
    if (missing !== undefined)
      throw new OnnxFormatError(
        `Expected every value to be made before it is read. Received: ${words}, which reads '${missing}'.`,
      );
    for (const [, inner] of subgraphsOf(node)) checkOrder(inner, isMade);
    for (const value of node.outputs) {
      if (value !== '' && made.has(value))
        throw new OnnxFormatError(
          `Expected every value to be made once. Received: '${value}', by ${words}, too.`,
        );
      made.add(value);
    }
  }
  for (const { name } of outputs)
    if (!isMade(name))
      throw new OnnxFormatError(`Expected an operation that makes '${name}'. Received: none.`);
}
