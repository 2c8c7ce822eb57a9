/** A shape with the batch first; `null` where the size is known only at run time. */
export type Shape = readonly (number | null)[];
