import type { GraphBuilder } from './builder.js';
import type { Context } from './differentiable.js';
import type { Value } from './graph.js';

/** The prime 2³¹ − 1: products of two residues stay below 2⁶³. */
const prime = 2 ** 31 - 1;

/**
 * Uniform noise from a counter: element i of the k-th layer in step t is a hash of (seed, t, k, i), so that it does
 * not depend on how an epoch is cut into runs, nor on the engine.
 */
export function noiseSource(g: GraphBuilder, seed: Value, step: Value): Context['noise'] {
  let layer = 0;
  const residue = (value: Value) => g.op('Mod', [value, g.ints(prime)]);
  /** (a·b + c) mod p */
  const mix = (a: Value, b: Value, c: Value) => residue(g.op('Add', [g.op('Mul', [a, b]), c]));
  return (like) =>
    g.scope('noise', () => {
      layer++;
      const key = mix(
        mix(residue(seed), g.ints(1_103_515_245), step),
        g.ints(22_695_477),
        g.ints(layer * 69_069),
      );
      const count = g.op('Squeeze', [g.op('Size', [like])]);
      const zero = g.op('Squeeze', [g.ints(0)]);
      const one = g.op('Squeeze', [g.ints(1)]);
      const elements = g.op('Range', [zero, count, one]);
      // Squaring mixes where a linear congruence would leave neighbours in line.
      let hash = mix(residue(elements), g.ints(48_271), key);
      for (let round = 0; round < 3; round++) hash = mix(hash, hash, g.op('Add', [key, elements]));
      const bits = g.op('Mod', [hash, g.ints(2 ** 24)]);
      const uniform = g.op('Mul', [g.cast(bits, 'float32'), g.scalar(2 ** -24)]);
      return g.op('Reshape', [uniform, g.op('Shape', [like])]);
    });
}
