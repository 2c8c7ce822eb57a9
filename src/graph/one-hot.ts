import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';
import { float32 } from './tensor.js';

/** Class indices, float32 (B, 1), as int64 (B). */
export const classIndices = (g: GraphBuilder, target: Value): Value =>
  g.op('Squeeze', [g.cast(target, 'int64'), g.ints(1)]);

/** The size of the last axis, the number of classes: int64 (1). */
export const lastSize = (g: GraphBuilder, value: Value): Value =>
  g.op('Gather', [g.op('Shape', [value]), g.ints(-1)]);

/**
 * Rows of 0 with a 1 at each index.
 *
 * @param indices int64 (…)
 * @param count of classes C, a scalar or int64 (1)
 * @returns float32 (…, C)
 */
export const oneHot = (g: GraphBuilder, indices: Value, count: Value): Value =>
  g.op('OneHot', [indices, count, g.initializer('off_on', float32([0, 1]))], { axis: -1 });
