/** Finds faces and cuts them out. No Node imports: a page does the same as training. */
export { copyRectangle, cropCenter, cropFace, type FaceCropOptions, faceSquare } from './faces/crop.js';
export { type CropOptions, type Cropped, cropImage } from './faces/crop-image.js';
export { createFaceDetector, type FaceDetector, type FaceDetectorOptions } from './faces/detector.js';
export type { Box, Face, Point } from './faces/face.js';
