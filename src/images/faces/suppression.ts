import { areaOf, type Box } from './face.js';

/** How much two boxes share: the area of their intersection over that of their union, 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const shared = areaOf({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared);
}

/**
 * Non-maximum suppression: goes through the boxes from the highest score down, and drops those that overlap one it
 * has kept by more than `maxOverlap`. Equal scores go in the order given.
 *
 * @returns the boxes kept, highest score first
 */
export function suppressNonMaxima<T extends { readonly box: Box; readonly score: number }>(
  candidates: readonly T[],
  maxOverlap: number,
): T[] {
  const kept: T[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score))
    if (kept.every(({ box }) => overlap(box, candidate.box) <= maxOverlap)) kept.push(candidate);
  return kept;
}
