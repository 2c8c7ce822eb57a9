import { fieldSize } from './window.js';

/** The grids that the model's outputs lie on, in their order: cells a side, and anchors in each cell. */
const grids = [
  { cells: 16, anchors: 2 },
  { cells: 8, anchors: 6 },
] as const;

/** How many places the model looks for a face at: 896. */
export const anchorCount = grids.reduce((sum, { cells, anchors }) => sum + cells * cells * anchors, 0);

/**
 * The points that the model's boxes are counted from: the centres of the cells, row by row, each as often as it has
 * anchors. MediaPipe's `SsdAnchorsCalculator` with the options of its `face_detection_back` graph.
 *
 * @returns x and y of each anchor in pixels of the field, (896, 2)
 */
export function anchorPoints(): Float32Array {
  const points = new Float32Array(2 * anchorCount);
  let at = 0;
  for (const { cells, anchors } of grids) {
    const stride = fieldSize / cells;
    for (let row = 0; row < cells; row++)
      for (let column = 0; column < cells; column++)
        for (let i = 0; i < anchors; i++) {
          points[at++] = stride * (column + 0.5);
          points[at++] = stride * (row + 0.5);
        }
  }
  return points;
}
