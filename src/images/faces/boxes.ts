import { anchorCount, anchorPoints } from './anchors.js';
import type { Rectangle } from './crop.js';
import { type Face, keypointNames, type Point } from './face.js';

/** Numbers that the model gives for each anchor: a box and six keypoints. */
const stride = 4 + 2 * keypointNames.length;

export interface RawFaces {
  /** (896, 16), pixels of the field counted from the anchor. */
  readonly boxes: Float32Array;
  /** (896) */
  readonly scores: Float32Array;
}

/**
 * Turns the model's answer into faces in pixels of the picture, one for each anchor that reaches `minScore`.
 *
 * @param placement where in the field the picture lay
 * @param size of the picture in pixels
 */
export function decodeFaces(
  { boxes, scores }: RawFaces,
  placement: Rectangle,
  size: { readonly width: number; readonly height: number },
  minScore: number,
): Face[] {
  const anchors = anchorPoints();
  const xScale = size.width / placement.width;
  const yScale = size.height / placement.height;
  const faces: Face[] = [];
  for (const [i, score] of scores.subarray(0, anchorCount).entries()) {
    if (!(score >= minScore)) continue;
    const [anchorX = 0, anchorY = 0] = anchors.subarray(2 * i, 2 * i + 2);
    const toPicture = (x: number, y: number): Point => ({
      x: (anchorX + x - placement.left) * xScale,
      y: (anchorY + y - placement.top) * yScale,
    });
    const values = boxes.subarray(i * stride, (i + 1) * stride);
    const [centreX = 0, centreY = 0, width = 0, height = 0] = values;
    const upperLeft = toPicture(centreX - width / 2, centreY - height / 2);
    const lowerRight = toPicture(centreX + width / 2, centreY + height / 2);
    const keypoint = (k: number): Point => {
      const [x = 0, y = 0] = values.subarray(4 + 2 * k, 6 + 2 * k);
      return toPicture(x, y);
    };
    faces.push({
      score,
      box: { left: upperLeft.x, top: upperLeft.y, right: lowerRight.x, bottom: lowerRight.y },
      keypoints: Object.fromEntries(keypointNames.map((name, k) => [name, keypoint(k)])) as Face['keypoints'],
    });
  }
  return faces;
}
