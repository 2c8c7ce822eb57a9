import { OnnxFormatError } from './onnx-format-error.js';
import { arrayTypes, type DataType, sizeOf, type Tensor } from './tensor.js';

/**
 * Puts a tensor's axes into another order.
 *
 * @param perm which axis of the input each axis of the output is; default: reversed
 * @throws OnnxFormatError when `perm` does not name each axis once
 */
export function transpose<T extends DataType>(
  { type, data, dims }: Tensor<T>,
  perm: readonly number[] = dims.map((_, i) => dims.length - 1 - i),
): Tensor<T> {
  if (perm.length !== dims.length || !dims.every((_, axis) => perm.includes(axis)))
    throw new OnnxFormatError(`Expected an order of ${dims.length} axes. Received: [${perm.join(', ')}].`);
  // Axes of length 1 move nothing; without them most kernels are matrices.
  const axes = perm.filter((axis) => dims[axis] !== 1);
  const sizes = axes.map((axis) => dims[axis] ?? 1);
  const steps = axes.map((axis) => sizeOf(dims.slice(axis + 1)));
  const [length = 1, step = 0] = [sizes.pop(), steps.pop()];
  // Elements are moved without a look at them, so this stands for every type.
  const from = data as Float32Array;
  const to = new arrayTypes[type](data.length) as Float32Array;
  let at = 0;
  const move = (axis: number, start: number): void => {
    const [size, next] = [sizes[axis], steps[axis]];
    if (size === undefined || next === undefined)
      for (let i = 0, source = start; i < length; i++, source += step) to[at++] = from[source]!;
    else for (let i = 0; i < size; i++) move(axis + 1, start + i * next);
  };
  if (data.length > 0) move(0, 0);
  return { type, dims: perm.map((axis) => dims[axis] ?? 1), data: to as Tensor<T>['data'] };
}
