import { float32, int64, type Tensor } from '../../graph/tensor.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Variable } from '../variable.js';
import { zip } from '../zip.js';
import { sameShape, toFloats } from './values.js';

/** A number, or numbers, that an optimizer keeps from step to step. */
export interface OptimizerValue {
  /** Short: `iteration`, `learning_rate`, `velocity`. */
  readonly name: string;
  /** The weight whose slot it is; none for the step count and the learning rate. */
  readonly parameter?: Variable;
  readonly value: Tensor;
}

/**
 * Everything that an optimizer keeps, in the order of Keras 3's `optimizer.variables`.
 *
 * Source: keras.optimizers.Optimizer.add_optimizer_variables
 */
export function optimizerValues(optimizer: Optimizer, parameters: readonly Variable[]): OptimizerValue[] {
  const values: OptimizerValue[] = [{ name: 'iteration', value: int64([optimizer.batches], []) }];
  if (typeof optimizer.getConfig().learning_rate === 'number')
    values.push({ name: 'learning_rate', value: float32([optimizer.learningRate], []) });
  for (const [parameter, slot] of slotOrder(optimizer, parameters))
    values.push({
      name: slot,
      parameter,
      value: float32(optimizer.slot(parameter, slot), optimizer.slotShape(parameter, slot)),
    });
  for (const { name, value } of optimizer.extraValues) values.push({ name, value: float32([value], []) });
  return values;
}

/**
 * The same in the order of Keras 2's `optimizer.variables`, where the learning rate is none, under its names:
 * `RMSprop/velocity/dense/kernel:0`.
 *
 * @param names Keras 2's names of the parameters
 */
export function legacyOptimizerValues(
  optimizer: Optimizer,
  parameters: readonly Variable[],
  names: ReadonlyMap<Variable, string>,
): Map<string, Tensor> {
  const { className } = optimizer;
  const { formerSlots } = optimizer.constructor as typeof Optimizer;
  const values = new Map<string, Tensor>([['iteration:0', int64([optimizer.batches], [])]]);
  for (const { name, parameter, value } of optimizerValues(optimizer, parameters))
    if (parameter) values.set(`${className}/${formerSlots[name] ?? name}/${names.get(parameter)}`, value);
  return values;
}

/** Slots of each group for all parameters, one group after another; Adam's two moments go hand in hand. */
function slotOrder(optimizer: Optimizer, parameters: readonly Variable[]): [Variable, string][] {
  return optimizer.allSlotGroups.flatMap((group) =>
    parameters.flatMap((parameter) =>
      group
        .filter((slot) => optimizer.slots(parameter).includes(slot))
        .map((slot): [Variable, string] => [parameter, slot]),
    ),
  );
}

/**
 * Restores an optimizer's values, listed in the order of Keras 3. Keras 2 leaves out the learning rate.
 *
 * @returns why that cannot be, with nothing changed; `null` when it is done
 */
export function restoreOptimizer(
  optimizer: Optimizer,
  parameters: readonly Variable[],
  saved: readonly Tensor[],
): string | null {
  const [iterations, ...rest] = saved;
  if (!iterations || iterations.dims.length > 0) return 'it does not begin with the number of iterations';
  const steps = Number(iterations.data[0]);
  if (!Number.isSafeInteger(steps) || steps < 0)
    return `its count of steps is damaged. Expected a whole number. Received: ${steps}`;
  const rate = rest[0]?.dims.length === 0 ? rest.shift() : undefined;
  const order = slotOrder(optimizer, parameters);
  // Numbers that follow from the steps taken, as Nadam's product.
  if (rest.length === order.length + optimizer.extraValues.length) rest.length = order.length;
  // One that has not stepped yet has no slots to give back.
  if (steps === 0 && rest.length === 0) return null;
  if (order.length !== rest.length)
    return `it has ${order.length} variables whereas the saved optimizer has ${rest.length} variables`;
  for (const [[parameter, slot], { dims }] of zip(order, rest))
    if (!sameShape(dims, optimizer.slotShape(parameter, slot)))
      return `the ${slot} of '${parameter.name}' has shape (${optimizer.slotShape(parameter, slot)}), the saved one (${dims})`;
  optimizer.batches = steps;
  if (rate && typeof optimizer.getConfig().learning_rate === 'number')
    optimizer.learningRate = Number(rate.data[0]);
  for (const [[parameter, slot], value] of zip(order, rest))
    optimizer.setSlot(parameter, slot, toFloats(value));
  return null;
}

/** Kinds of slots by patterns of variable names, from Keras 2.0 to 3. */
const kinds: readonly (readonly [pattern: RegExp, slot: string])[] = [
  [/(gradient_accumulator)/, 'gradient_accumulator'],
  [/(accumulated_grad)(\/|:|$)/, 'accumulated_grad'],
  [/(accumulated_delta_var)/, 'accumulated_delta_var'],
  [/(accumulator)/, 'accumulator'],
  [/(_average$|\/average(:|$))/, 'average'],
  [/(_norm$|\/norm(\/|:|$))/, 'norm'],
  [/(_velocity_hat|\/vhat(\/|:|$)|velocity_hat)/, 'velocity_hat'],
  [/(_average_gradient|\/mg(:|$)|average_gradient)/, 'average_gradient'],
  [/(_velocity$|\/v(\/|:|$)|\/rms(:|$)|velocity)/, 'velocity'],
  [/(_momentum$|\/m(\/|:|$)|\/momentum(:|$)|momentum)/, 'momentum'],
];

/**
 * The same for the names and values of an HDF5 file of a whole model, whose order differs from version to version.
 */
export function restoreNamedOptimizer(
  optimizer: Optimizer,
  parameters: readonly Variable[],
  saved: readonly (readonly [name: string, value: Tensor])[],
): string | null {
  const scalar = (pattern: RegExp) =>
    saved.find(([name, { dims }]) => dims.length === 0 && pattern.test(name))?.[1];
  const order = slotOrder(optimizer, parameters);
  const slots = saved.filter(([, { dims }]) => dims.length > 0);
  const byKind = new Map<string, Tensor[]>();
  for (const [name, value] of slots) {
    const kind = kinds.find(([pattern]) => pattern.test(name))?.[1];
    if (kind) byKind.set(kind, [...(byKind.get(kind) ?? []), value]);
  }
  const named = [...byKind.values()].reduce((sum, { length }) => sum + length, 0) === slots.length;
  // Keras up to 2.2 has names that say nothing, slot kind by slot kind.
  const taken = new Map<string, number>();
  const perKind = [...new Set(order.map(([, slot]) => slot))];
  const sorted = order.map(([parameter, slot]) => {
    if (!named) return slots[perKind.indexOf(slot) * parameters.length + parameters.indexOf(parameter)]?.[1];
    const position = taken.get(slot) ?? 0;
    taken.set(slot, position + 1);
    return byKind.get(slot)?.[position];
  });
  // One that has not stepped yet has no slots to give back.
  if (slots.length === 0 && Number(scalar(/iter/)?.data[0] ?? 0) === 0) return null;
  if (sorted.includes(undefined))
    return `it has ${order.length} variables whereas the saved optimizer has ${slots.length} variables`;
  const iterations = scalar(/iter/) ?? float32([0], []);
  const rate = scalar(/learning_rate|\blr\b/);
  return restoreOptimizer(optimizer, parameters, [
    iterations,
    ...(rate ? [rate] : []),
    ...(sorted as Tensor[]),
  ]);
}
