import type { GraphBuilder } from '../../graph/builder.js';
import type { Value } from '../../graph/graph.js';
import { toChannelsFirst as channelsFirst, toChannelsLast as channelsLast } from '../../graph/layout.js';

/**
 * Where an axis of Keras's lies in the graph: images (rank 4) flow channels first.
 *
 * @param axis counted from 0
 */
export const axisInGraph = (axis: number, rank: number): number =>
  rank === 4 ? ([0, 2, 3, 1][axis] ?? axis) : axis;

/** The value in the order of Keras's axes: images with channels last. */
export const toChannelsLast = (g: GraphBuilder, value: Value, rank: number): Value =>
  rank === 4 ? channelsLast(g, value) : value;

/** The value as it flows in graphs: images with channels first. */
export const toChannelsFirst = (g: GraphBuilder, value: Value, rank: number): Value =>
  rank === 4 ? channelsFirst(g, value) : value;
