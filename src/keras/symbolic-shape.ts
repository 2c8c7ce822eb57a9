/** A shape with the batch first; `null` where the size is known only at run time. */
export type Shape = readonly (number | null)[];

/** Dims of the rank of `shape`: a last axis of length 1 is added or dropped. Other dims stay as they are. */
export function withRank(dims: readonly number[], shape: Shape): readonly number[] {
  if (dims.length === shape.length + 1 && dims.at(-1) === 1) return dims.slice(0, -1);
  if (dims.length === shape.length - 1 && shape.at(-1) === 1) return [...dims, 1];
  return dims;
}
