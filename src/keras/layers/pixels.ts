/** Images as matrices: rows of pixels, or a row for each channel. */
import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { toChannelsFirst, toChannelsLast } from '../../graph/layout.js';
import { shortcutsOf } from '../../graph/shortcuts.js';

/** (N, C, H, W) as rows of pixels: (N·H·W, C). */
export const pixelRows = (g: GraphBuilder, images: Value, channels: number): Value =>
  g.op('Reshape', [toChannelsLast(g, images), g.ints(-1, channels)]);

/** Rows of pixels as images (N, C, H, W); `shape` is that with channels last. */
export const pixelImages = (g: GraphBuilder, rows: Value, shape: Value): Value =>
  toChannelsFirst(g, g.op('Reshape', [rows, shape]));

/** (N, C, H, W) → (C, N, H, W), from where the images lie. */
export const channelsOver = (g: GraphBuilder, images: Value): Value =>
  shortcutsOf(g)?.madeChannelsLast.has(images)
    ? g.op('Transpose', [toChannelsLast(g, images)], { perm: [3, 0, 1, 2] })
    : g.op('Transpose', [images], { perm: [1, 0, 2, 3] });
