/** Reads attributes of nodes that somebody else wrote, which may be of any kind. */
import type { Attribute, Graph, Node } from './graph.js';
import { OnnxFormatError } from './onnx-format-error.js';

/**
 * A function that reads an attribute of one kind: its value, or `otherwise` where it is left out. Default:
 * `undefined`. It throws an OnnxFormatError for an attribute of another kind.
 */
const reader =
  <T>(kind: string, read: (attribute: Attribute) => T | undefined) =>
  <Otherwise = undefined>(node: Node, name: string, otherwise?: Otherwise): T | Otherwise => {
    const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
    if (attribute === undefined) return otherwise as Otherwise;
    const value = read(attribute);
    if (value !== undefined) return value;
    throw new OnnxFormatError(
      `Expected ${kind} for '${name}' of ${node.op}${node.name && ` '${node.name}'`}. Received: something else.`,
    );
  };

export const intOf = reader('a whole number', (value) => (typeof value === 'number' ? value : undefined));

export const intsOf = reader('whole numbers', (value): readonly number[] | undefined =>
  Array.isArray(value) ? value : undefined,
);

export const floatOf = reader('a number', (value) =>
  typeof value === 'object' && 'float' in value ? value.float : undefined,
);

export const floatsOf = reader('numbers', (value) =>
  typeof value === 'object' && 'floats' in value ? value.floats : undefined,
);

export const textOf = reader('a text', (value) => (typeof value === 'string' ? value : undefined));

export const tensorOf = reader('a tensor', (value) =>
  typeof value === 'object' && 'tensor' in value ? value.tensor : undefined,
);

/** The graphs inside a node, such as the body of a `Loop`, by the names of their attributes. */
export const subgraphsOf = ({ attributes }: Node): [name: string, graph: Graph][] =>
  Object.entries(attributes).flatMap(([name, value]): [string, Graph][] =>
    typeof value === 'object' && 'graph' in value ? [[name, value.graph]] : [],
  );
