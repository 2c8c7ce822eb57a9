/** A place in a picture, in pixels from its upper left corner; pixel centres lie at halves. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An upright rectangle in pixels of a picture. It may reach over the picture's edges. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The points that the detector marks in a face, in its order. Right and left are the person's own. */
export const keypointNames = ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'] as const;

/** A face that was found in a picture. */
export interface Face {
  /** How sure the detector is, 0 to 1. */
  readonly score: number;
  /** From the eyebrows to the chin. */
  readonly box: Box;
  readonly keypoints: Readonly<Record<(typeof keypointNames)[number], Point>>;
}

/** The area of a box, 0 where it has none. */
export const areaOf = ({ left, top, right, bottom }: Box): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

/** The same face in a picture that shows more: its pixel (0, 0) lies at (`x`, `y`) there. */
export function moveFace({ score, box, keypoints }: Face, x: number, y: number): Face {
  const points = Object.entries(keypoints).map(([name, point]) => [name, { x: point.x + x, y: point.y + y }]);
  return {
    score,
    box: { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y },
    keypoints: Object.fromEntries(points) as Face['keypoints'],
  };
}
