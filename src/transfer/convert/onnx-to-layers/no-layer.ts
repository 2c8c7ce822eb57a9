import { ValueError } from '../../../errors.js';
import type { Node } from '../../../graph/graph.js';

/** A node's name for error messages. */
export const inWords = ({ name, op }: Node): string => `'${name || op}'`;

/** An operation that no layer does, or not with such attributes. */
export const noLayer = (node: Node): ValueError =>
  new ValueError(
    `Expected operations that have a Keras layer here. Received: ${node.op} (${inWords(node)}). Hint: start from the Keras file, if it came from one; any ONNX model of pictures can be trained on as \`weights\`.`,
  );
