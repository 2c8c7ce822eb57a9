/** What one thread does to make features: from a picture's file to what the frozen part of a model makes of it. */
import { threadEngine } from '#platform';
import type { Engine } from '../../engine/engine.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import { keptImages, makePicture, type PictureRecipe } from '../preprocessing/picture-recipe.js';
import { type FeatureRows, takeFeatureRows } from './feature-cache.js';

export interface FeatureWorkerSetup {
  readonly engine: Engine['name'];
  /** The frozen part: `x_0` (N, H, W, C) → `y_0` (N, …), `y_1` …. */
  readonly model: Uint8Array;
}

/** Called by the pool in each thread. */
export async function start(
  setup: FeatureWorkerSetup,
): Promise<(recipe: PictureRecipe) => Promise<FeatureRows>> {
  const engine = await threadEngine(setup.engine);
  const session = await engine.load(setup.model);
  const load = keptImages();
  return async (recipe) => {
    const { data, dims } = await makePicture(recipe, load);
    const features = await session.run({ x_0: float32(data, [1, ...dims]) });
    const inOrder = session.outputNames.map((name) => features[name] as Tensor<'float32'>);
    return takeFeatureRows(inOrder, 0);
  };
}
