/** The work of one thread that makes features: from a picture's file through the frozen part of a model. */
import { openEngine } from '#platform';
import type { Engine } from '../../engine/engine.js';
import { float32, type Tensor } from '../../graph/tensor.js';
import type { Image } from '../../images/image.js';
import { firstOnly } from '../preprocessing/clipping.js';
import { makePicture, type PictureRecipe } from '../preprocessing/picture-recipe.js';
import { type FeatureRows, takeFeatureRows } from './feature-cache.js';

export interface FeatureWorkerSetup {
  readonly engine: Engine['name'];
  /** The frozen part: `x_0` (N, H, W, C) → `y_0` (N, …), `y_1` …. */
  readonly model: Uint8Array;
}

export interface FeatureTask {
  readonly recipe: PictureRecipe;
  /** The picture, where it has been read for another view. */
  readonly image?: Image;
}

export interface FeatureResult {
  readonly rows: FeatureRows;
  /** The picture, where it had to be read. */
  readonly image?: Image;
}

/** Called by the pool in each thread. */
export async function start(
  setup: FeatureWorkerSetup,
): Promise<(task: FeatureTask) => Promise<FeatureResult>> {
  const engine = await openEngine({ engine: setup.engine, provider: 'cpu', threads: 1 });
  const session = await engine.load(setup.model);
  const warn = firstOnly((message) => console.warn(message));
  return async (task) => {
    const { image, array } = await makePicture(task.recipe, task.image, warn);
    const features = await session.run({ x_0: float32(array.data, [1, ...array.dims]) });
    const inOrder = session.outputNames.map((name) => features[name] as Tensor<'float32'>);
    return { rows: takeFeatureRows(inOrder, 0), image: task.image ? undefined : image };
  };
}
