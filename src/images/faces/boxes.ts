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
  for (let i = 0; i < anchorCount; i++) {
    if (!(scores[i]! >= minScore)) continue;
    const [centreX, centreY, width, height, ...points] = boxes.subarray(
      i * stride,
      (i + 1) * stride,
    ) as unknown as [number, number, number, number, ...number[]];
    const toPicture = (x: number, y: number): Point => ({
      x: (anchors[2 * i]! + x - placement.left) * xScale,
      y: (anchors[2 * i + 1]! + y - placement.top) * yScale,
    });
    const upperLeft = toPicture(centreX - width / 2, centreY - height / 2);
    const lowerRight = toPicture(centreX + width / 2, centreY + height / 2);
    faces.push({
      score: scores[i]!,
      box: { left: upperLeft.x, top: upperLeft.y, right: lowerRight.x, bottom: lowerRight.y },
      keypoints: Object.fromEntries(
        keypointNames.map((name, k) => [name, toPicture(points[2 * k]!, points[2 * k + 1]!)]),
      ) as Face['keypoints'],
    });
  }
  return faces;
}
