/**
 * Operations on tensors and constants in functional models, such as `preprocess_input` leaves there: Keras 3's
 * operation classes, and Keras 2's `TFOpLambda`.
 *
 * Source: keras.src.ops.numpy; tf_keras.src.layers.core.tf_op_layer
 */
import { ValueError } from '../../errors.js';
import { asList, excerpt, isObject, type JsonObject } from '../python/json.js';

/** Whether a layer of a configuration is an operation. Keras 3's `.h5` files do not name modules. */
export function isOperation({ class_name, module, config }: JsonObject): boolean {
  if (typeof module === 'string' && /^keras\.(src\.)?ops\b/.test(module)) return true;
  const className = String(class_name);
  if (/^(TFOpLambda|SlicingOpLambda|TensorFlowOpLayer)$/.test(className)) return true;
  const isNamed = Object.hasOwn(kinds, className) || className === 'GetItem' || className === 'Stack';
  return isNamed && isObject(config) && config.trainable === undefined;
}

/** Operations by Keras 3's names, and by TensorFlow's in Keras 2. */
const kinds: Readonly<Record<string, Kind>> = {
  ...{ Add: 'add', '__operators__.add': 'add', 'math.add': 'add', 'nn.bias_add': 'add' },
  ...{ Subtract: 'subtract', 'math.subtract': 'subtract' },
  ...{ Multiply: 'multiply', 'math.multiply': 'multiply' },
  ...{ TrueDivide: 'divide', Divide: 'divide', 'math.truediv': 'divide', 'math.divide': 'divide' },
  ...{ Negative: 'negate', 'math.negative': 'negate' },
  ...{ Cast: 'cast', cast: 'cast' },
};
type Kind = 'add' | 'subtract' | 'multiply' | 'divide' | 'negate' | 'cast';

/** One number, or one for each channel. */
type Constant = number | readonly number[];

/**
 * Replaces an operation by a layer of Keras's that does the same: Rescaling, Add, or an Activation that is linear.
 *
 * @param data the operation as a layer of a functional model's configuration
 * @throws ValueError that names the operation, when there is none
 */
export function replaceOperation(data: JsonObject, name: string): JsonObject {
  const config = isObject(data.config) ? data.config : {};
  const operation = typeof config.function === 'string' ? config.function : String(data.class_name);
  const nodes = asList(data.inbound_nodes, `the inbound nodes of layer '${name}'`);
  const refused = (received: string) =>
    new ValueError(
      `Expected layer '${name}' to add, subtract, multiply or divide by constants, as preprocess_input does. Received: ${received}. Hint: leave it out in Keras, save the model again, and prepare pictures outside of it.`,
    );
  const kind = Object.hasOwn(kinds, operation) ? kinds[operation] : undefined;
  const [node, ...others] = nodes;
  if (!kind || others.length > 0) throw refused(`the operation ${operation}`);

  const { tensors, operands } = readOperands(node);
  const [first, second] = operands;
  const layer = (class_name: string, own: JsonObject): JsonObject => ({
    name,
    class_name,
    config: { name, ...own },
    inbound_nodes: [{ args: [tensors.length === 1 ? tensors[0] : tensors], kwargs: {} }],
  });
  if (tensors.length === 2 && operands.length === 2 && kind === 'add') return layer('Add', {});
  if (tensors.length !== 1) throw refused(`the operation ${operation} of ${tensors.length} tensors`);
  const rescaling = (scale: Constant, offset: Constant) => layer('Rescaling', { scale, offset });
  if (kind === 'cast') return layer('Activation', { activation: 'linear' });
  if (kind === 'negate') return rescaling(-1, 0);

  const isReversed = first !== tensors[0];
  const constant = readConstant(isReversed ? first : second);
  if (constant === null || operands.length !== 2)
    throw refused(`the operation ${operation} with ${excerpt(isReversed ? first : second)}`);
  if (kind === 'add') return rescaling(1, constant);
  if (kind === 'multiply') return rescaling(constant, 0);
  if (kind === 'subtract')
    return isReversed
      ? rescaling(-1, constant)
      : rescaling(
          1,
          each(constant, (c) => -c),
        );
  if (isReversed) throw refused(`the operation ${operation} of a constant by a tensor`);
  return rescaling(
    each(constant, (c) => 1 / c),
    0,
  );
}

const each = (constant: Constant, change: (value: number) => number): Constant =>
  typeof constant === 'number' ? change(constant) : constant.map(change);

const tensorReference = (history: readonly unknown[]) => ({
  class_name: '__keras_tensor__',
  config: { keras_history: history },
});
type TensorReference = ReturnType<typeof tensorReference>;

/** The tensors of a call in Keras 3's form, and its operands: these tensors, and constants as they stand. */
function readOperands(node: unknown): { tensors: TensorReference[]; operands: unknown[] } {
  const operands: unknown[] = [];
  const tensors: TensorReference[] = [];
  const add = (value: unknown) => {
    if (isObject(value) && value.class_name === '__keras_tensor__') {
      tensors.push(value as unknown as TensorReference);
      operands.push(value);
    } else operands.push(value);
  };
  if (isObject(node)) for (const value of [node.args, Object.values(node.kwargs ?? {})].flat()) add(value);
  else if (Array.isArray(node)) {
    // Keras 2: [layer, use, tensor, arguments], where a constant stands as ['_CONSTANT_VALUE', −1, value, …].
    const [layer, use, tensor, kwargs] = node;
    add(layer === '_CONSTANT_VALUE' ? tensor : tensorReference([layer, use, tensor]));
    for (const key of ['y', 'bias'])
      if (isObject(kwargs) && key in kwargs) {
        const value = kwargs[key];
        const isReference = Array.isArray(value) && typeof value[0] === 'string';
        add(isReference ? tensorReference(value) : value);
      }
  }
  return { tensors, operands };
}

/** A number, or one for each channel: every axis but the last is of length 1. */
function readConstant(value: unknown): Constant | null {
  if (isObject(value)) return isObject(value.config) ? readConstant(value.config.value) : null;
  if (typeof value === 'number') return value;
  if (!Array.isArray(value) || value.length === 0) return null;
  if (value.every((item): item is number => typeof item === 'number'))
    return value.length === 1 ? (value[0] ?? null) : value;
  return value.length === 1 ? readConstant(value[0]) : null;
}
