import { readPicture, reasonOf } from '#platform';
import type { Result } from '../../../classifier/classify.js';
import { ExplainError, explain } from '../../../classifier/explain.js';
import { sealModel } from '../../../classifier/seal-model.js';
import type { Engine } from '../../../engine/engine.js';
import { decodeModel } from '../../../graph/onnx.js';
import { cropCenter, cropFace } from '../../../images/faces/crop.js';
import { type Heatmap, type Region, regionOf, renderHeat } from '../../../images/heatmap.js';
import { type Image, ImageError } from '../../../images/image.js';
import { NoFaceError } from '../../../images/no-face-error.js';
import { FileClassifier } from '../../predict/load-classifier.js';
import { judge } from './choose-close-ups.js';
import type { Answer, CloseUp, SmallPicture } from './report.js';
import { shrinkImage } from './shrink.js';

/** The most pixels of the sides of each. */
const sides = { photo: 288, part: 224, heat: 64 };

export interface CloseUpOptions {
  /** The bytes of the model's file. */
  readonly model: Uint8Array;
  readonly engine: Engine;
  readonly maxPixels?: number;
}

/**
 * Shows pictures to a model again, to see the part that it looks at, and where.
 *
 * @returns by path; pictures that are gone by now are left out
 */
export async function makeCloseUps(
  answers: readonly Answer[],
  { model, engine, maxPixels }: CloseUpOptions,
): Promise<{ closeUps: Map<string, CloseUp>; noHeat: string | null }> {
  const closeUps = new Map<string, CloseUp>();
  if (answers.length === 0) return { closeUps, noHeat: null };
  const { bytes, noHeat } = await explained(model);
  const classifier = await FileClassifier.load(bytes, engine);
  const { labels, preprocessing } = classifier.metadata;
  try {
    for (const answer of answers) {
      const seen = await look(classifier, answer.path, maxPixels);
      if (!seen) continue;
      const { image, result } = seen;
      const { taken } = judge(answer);
      const now = judge({ ...answer, probabilities: result.probabilities }).taken;
      const isSame = now === taken;
      const notes = [
        ...(preprocessing.crop === 'face' && !result.face
          ? ['No face was found: the model was shown the whole picture.']
          : []),
        ...(isSame ? [] : [`The finished model, which has learned this picture, says ${labels[now]}.`]),
      ];
      const region = regionOf(image, preprocessing.crop, result.face);
      const part = preprocessing.crop === 'none' ? null : await partOf(image, result, region);
      const heat = isSame && result.heatmap ? await drawHeat(result.heatmap, part?.image ?? image) : null;
      const photo = await shrinkImage(image, { side: sides.photo });
      closeUps.set(answer.path, {
        photo,
        part,
        heat,
        ...(notes.length > 0 ? { note: notes.join(' ') } : {}),
      });
    }
  } finally {
    await classifier.release();
  }
  return { closeUps, noHeat };
}

/** The model with an output that tells where it looked, or why it has none. */
async function explained(model: Uint8Array): Promise<{ bytes: Uint8Array; noHeat: string | null }> {
  try {
    return { bytes: await sealModel(explain(decodeModel(model))), noHeat: null };
  } catch (error) {
    if (!(error instanceof ExplainError)) throw error;
    return { bytes: model, noHeat: reasonOf(error) };
  }
}

async function look(
  classifier: FileClassifier,
  path: string,
  maxPixels: number | undefined,
): Promise<{ image: Image; result: Result } | null> {
  try {
    const { image, results } = await classifier.classify(await readPicture(path), { maxPixels });
    return { image, result: results[0] };
  } catch (error) {
    // It was there and whole a moment ago; a report does without it.
    if (error instanceof ImageError || error instanceof NoFaceError) return null;
    throw error;
  }
}

async function partOf(image: Image, { face }: Result, region: Region): Promise<CloseUp['part']> {
  const { x, y, width, height, direction } = region;
  const [cos, sin] = direction;
  const corner = (across: number, down: number): readonly [number, number] => [
    (x + across * width * cos - down * height * sin) / image.width,
    (y + across * width * sin + down * height * cos) / image.height,
  ];
  const isWhole = width === image.width && height === image.height;
  if (isWhole) return null;
  return {
    image: await shrinkImage(face ? cropFace(image, face) : cropCenter(image), { side: sides.part }),
    corners: [corner(-0.5, -0.5), corner(0.5, -0.5), corner(0.5, 0.5), corner(-0.5, 0.5)],
  };
}

/** Heat as a layer over the part that the model saw, whatever that is of the picture. */
async function drawHeat(
  heatmap: Heatmap,
  { width, height }: Pick<Image, 'width' | 'height'>,
): Promise<SmallPicture> {
  const scale = Math.min(1, sides.heat / Math.max(width, height));
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const layer = renderHeat([{ ...heatmap, region: regionOf(size, 'none', null) }], size);
  return shrinkImage(layer, { side: sides.heat });
}
