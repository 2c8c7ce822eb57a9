/**
 * What a graph's writer knows about values beyond their names, so that it need not compute what comes to the same: that
 * images lie channels last already, that a convolution can multiply its channels by itself. A value that nothing reads
 * in the end, as a shortcut went past it, is left out (`prune`).
 *
 * Only graphs that train ask for shortcuts; those that predict are folded, and read better as they are.
 */
import type { GraphBuilder } from './builder.js';
import type { Value } from './graph.js';

/** Writes a value anew, each channel times `scale` (C), and moved by `shift` (C). */
export type Affine = (scale: Value, shift: Value) => Value;

/** A value that is `value` (N, C, …) with each channel times `scale` (C). */
export interface Scaled {
  readonly value: Value;
  readonly scale: Value;
}

class Shortcuts {
  /** Images (N, C, H, W), and the same as (N, H, W, C). */
  readonly channelsLast = new Map<Value, Value>();
  /** Images (N, C, H, W) that were made as (N, H, W, C). */
  readonly madeChannelsLast = new Set<Value>();
  readonly affine = new Map<Value, Affine>();
  readonly scaled = new Map<Value, Scaled>();
}

const taken = new WeakMap<GraphBuilder, Shortcuts>();

/** Lets the layers that are written into `g` go shorter ways. */
export function takeShortcuts(g: GraphBuilder): void {
  taken.set(g, new Shortcuts());
}

/** What is known of the values of `g`; `undefined` where its layers write everything out. */
export const shortcutsOf = (g: GraphBuilder): Shortcuts | undefined => taken.get(g);
