import test from 'ava';
import { readFaceDetectorModel } from '../../src/classifier/face-detector.js';
import { ortNode } from '../../src/engine/ort-node.js';
import { ortWeb } from '../../src/engine/ort-web.js';
import { int64, tensor } from '../../src/graph/tensor.js';
import { copySquare } from '../../src/images/faces/crop.js';
import { moveFace } from '../../src/images/faces/face.js';
import { windowOnWhole } from '../../src/images/faces/window.js';
import {
  copyRectangle,
  createFaceDetector,
  cropFace,
  cropImage,
  type Face,
  type FaceDetector,
} from '../../src/images/faces.js';
import type { Image } from '../../src/images/image.js';
import { assertClose } from '../compare.js';
import { collage, readAsset, readTwentyFaces } from './pictures.js';
import { loadReference, type ReferenceFace } from './tfjs.js';

const engine = await ortNode({ provider: 'cpu', threads: 1 });
const model = await readFaceDetectorModel();
const reference = await loadReference();
const twenty = await readTwentyFaces();
let detector: FaceDetector;

test.before(async () => {
  detector = await createFaceDetector(engine, model);
});

/** How far the coordinates of two faces are apart at most, in pixels. */
function distance({ box, keypoints }: Face, expected: ReferenceFace): number {
  const actual = [box.left, box.top, box.right, box.bottom];
  for (const { x, y } of Object.values(keypoints)) actual.push(x, y);
  const wanted = [...expected.box, ...expected.points];
  return Math.max(...actual.map((value, i) => Math.abs(value - wanted[i]!)));
}

test('the model answers as in TensorFlow.js', async (t) => {
  const session = await engine.load(model);
  // Of the field's size, so that neither of the two resizes.
  const whole = await readAsset('screenshot-facedetect.jpg');
  const image = copyRectangle(whole, { left: 270, top: 230, width: 256, height: 256 });
  const { boxes, scores } = await session.run({
    pixels: tensor('uint8', image.data, [1, 256, 256, 3]),
    placement: int64([0, 0, 256, 256]),
  });
  const expected = reference.answer(image);
  // Both add up in float32, in another order. Boxes are in pixels.
  assertClose(t, boxes!.data, expected.boxes, { label: 'boxes', absolute: 2e-3 });
  assertClose(
    t,
    scores!.data,
    expected.logits.map((logit) => 1 / (1 + Math.exp(-logit))),
    { label: 'scores', absolute: 1e-5 },
  );
});

test('twenty faces lie within 2 pixels of where TensorFlow.js finds them', async (t) => {
  const distances: number[] = [];
  for (const [i, image] of twenty.entries()) {
    // As small in the field as the detector looks at faces in the end.
    const window = windowOnWhole(image, 2.5);
    const framed = collage(260, 260, [{ image, left: 78, top: 78 }], 0);
    const faces = await detector.look(image, window, 0.5);
    const expected = reference.detect(framed, 0.5, 0.3);
    t.is(faces.length, 1, `picture ${i}`);
    t.is(expected.length, 1, `picture ${i}`);
    distances.push(distance(moveFace(faces[0]!, 78, 78), expected[0]!));
  }
  t.log(`${Math.max(...distances).toFixed(2)} pixels at most`);
  t.true(Math.max(...distances) < 2, `distances: ${distances.map((d) => d.toFixed(2))}`);
});

test("the page's engine finds the same faces, and the same pixels are cut out", async (t) => {
  const inPage = await createFaceDetector(await ortWeb(), model);
  for (const image of twenty.slice(0, 5)) {
    const expected = await cropImage(image, { crop: 'face', detector });
    const actual = await cropImage(image, { crop: 'face', detector: inPage });
    t.is(actual.faces.length, 1);
    t.true(Math.abs(actual.faces[0]!.box.left - expected.faces[0]!.box.left) < 1e-3);
    t.deepEqual(actual.image, expected.image);
  }
});

/** Where the box of a face has its middle. */
const middle = ({ box }: Face) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2] as const;

const isInside = (face: Face, left: number, top: number, side: number) => {
  const [x, y] = middle(face);
  return x > left && x < left + side && y > top && y < top + side;
};

test('keypoints lie where a face has them', async (t) => {
  const [face] = await detector.detect(twenty[0]!);
  const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = face!.keypoints;
  t.true(rightEar.x < rightEye.x && rightEye.x < nose.x && nose.x < leftEye.x && leftEye.x < leftEar.x);
  t.true(rightEye.y < nose.y && leftEye.y < nose.y && nose.y < mouth.y && mouth.y < face!.box.bottom);
});

test('several faces come largest first', async (t) => {
  const [small, large] = [twenty[0]!, enlarge(twenty[12]!, 2)];
  const image = collage(500, 300, [
    { image: small, left: 20, top: 100 },
    { image: large, left: 250, top: 50 },
  ]);
  const faces = await detector.detect(image);
  t.is(faces.length, 2);
  t.true(isInside(faces[0]!, 250, 50, 208));
  t.true(isInside(faces[1]!, 20, 100, 104));
});

test('a face that is too small at first sight is found by looking closer', async (t) => {
  const image = collage(3000, 1600, [{ image: twenty[12]!, left: 1300, top: 400 }]);
  t.deepEqual(await detector.look(image, windowOnWhole(image), 0.5), []);
  const faces = await detector.detect(image);
  t.is(faces.length, 1);
  t.true(isInside(faces[0]!, 1300, 400, 104));
});

test('a face that fills the picture is found by looking from further away', async (t) => {
  // The middle of the face: no hair, no neck.
  const image = copyRectangle(twenty[0]!, { left: 24, top: 24, width: 60, height: 64 });
  const faces = await detector.detect(image);
  t.is(faces.length, 1);
  const found = faces[0]!.box.right - faces[0]!.box.left;
  t.true(found > 40 && found < 75, `${found} pixels wide`);
});

test('small faces beside large ones are found on request', async (t) => {
  const image = collage(2600, 1800, [
    { image: twenty[0]!, left: 1300, top: 400 },
    { image: enlarge(twenty[12]!, 9), left: 100, top: 800 },
  ]);
  t.is((await detector.detect(image)).length, 1);
  const faces = await detector.detect(image, { all: true });
  t.is(faces.length, 2);
  t.true(isInside(faces[0]!, 100, 800, 936));
  t.true(isInside(faces[1]!, 1300, 400, 104));
});

test('a picture of one colour has no face', async (t) => {
  t.deepEqual(await detector.detect(collage(300, 200, [])), []);
  t.deepEqual(await detector.detect(collage(1, 1, [])), []);
  t.deepEqual(await detector.detect(collage(2000, 3, [])), []);
});

test('a picture without a face is taken whole, or left out', async (t) => {
  const image = collage(300, 200, []);
  t.deepEqual(await cropImage(image, { crop: 'face', detector }), { image, faces: [] });
  t.deepEqual(await cropImage(image, { crop: 'face', noFace: 'skip', detector }), { image: null, faces: [] });
});

test('a picture is cropped to its largest face', async (t) => {
  const image = collage(500, 300, [
    { image: twenty[0]!, left: 20, top: 100 },
    { image: enlarge(twenty[12]!, 2), left: 250, top: 50 },
  ]);
  const cropped = await cropImage(image, { crop: 'face', detector });
  t.is(cropped.faces.length, 2);
  t.deepEqual(cropped.image, cropFace(image, cropped.faces[0]!));
});

test('the eyes of a tilted face are level after the crop', async (t) => {
  // A turn by 20°.
  const image = copySquare(twenty[0]!, { x: 52, y: 52, side: 104, direction: [0.9397, -0.342] });
  const [before] = await detector.detect(image);
  const { image: upright } = await cropImage(image, { crop: 'face', detector });
  const [after] = await detector.detect(upright!);
  const tilt = ({ keypoints: { rightEye, leftEye } }: Face) =>
    (Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x) * 180) / Math.PI;
  t.log(`${tilt(before!).toFixed(1)}° before, ${tilt(after!).toFixed(1)}° after`);
  t.true(Math.abs(tilt(before!)) > 15);
  // The model sees large tilts a little smaller than they are.
  t.true(Math.abs(tilt(after!)) < 6);
});

test('a picture that is not RGB is refused', async (t) => {
  const grey: Image = { width: 2, height: 1, channels: 1, data: new Uint8Array(2) };
  await t.throwsAsync(detector.detect(grey), {
    message: 'Expected an RGB picture. Received: one of 1 channels.',
  });
});

/** Every pixel `times` × `times`. */
function enlarge({ width, height, data }: Image, times: number): Image {
  const out = new Uint8Array(width * height * times * times * 3);
  for (let y = 0; y < height * times; y++)
    for (let x = 0; x < width * times; x++) {
      const from = (Math.floor(y / times) * width + Math.floor(x / times)) * 3;
      out.set(data.subarray(from, from + 3), (y * width * times + x) * 3);
    }
  return { width: width * times, height: height * times, channels: 3, data: out };
}
