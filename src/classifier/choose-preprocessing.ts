import type { Preprocessing } from '../graph/preprocessing.js';
import type { FeatureExtractor } from './backbone.js';

/** The part to cut out of a picture; `auto` is `face` with face weights and `none` with others. */
export type CropChoice = 'auto' | Preprocessing['crop'];

/** Decides how pictures are prepared for a backbone. */
export function choosePreprocessing(
  { size, scaling, info }: Pick<FeatureExtractor, 'size' | 'scaling' | 'info'>,
  { crop = 'auto', noFace = 'whole' }: { crop?: CropChoice; noFace?: Preprocessing['noFace'] } = {},
): Preprocessing {
  const automatic = info.weights === 'vggface2' ? 'face' : 'none';
  return { size, crop: crop === 'auto' ? automatic : crop, noFace, exif: true, ...scaling };
}
