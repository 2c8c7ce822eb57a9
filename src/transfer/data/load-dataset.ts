import { FolderError, hasSharp, sharpIsMissing } from '#platform';
import type { Dataset } from '../../classifier/dataset.js';
import type { Engine } from '../../engine/engine.js';
import { extractFeatures } from '../features/extract.js';
import type { Preparation } from '../features/preparation.js';
import type { computeTogether } from '../features/queue/compute-together.js';
import type { RowSink } from '../features/row-sink.js';
import type { Reporter } from '../reporter.js';
import { describeFlat, Likeness } from './describe-flat.js';
import { countFaces, describeFaceless } from './faceless.js';
import { type ClassFolder, checkLost, checkStrict, reportSkipped } from './list-classes.js';

export interface LoadDatasetOptions {
  /** Embeds the pictures. */
  readonly engine: Engine;
  /** The backbone, with the preprocessing of its pictures. */
  readonly preparation: Preparation;
  /** Views of each picture, itself included. Default 1. */
  readonly views?: number;
  /** Chooses the other views. Default 0. */
  readonly seed?: number;
  /** Folder that keeps embeddings from run to run. */
  readonly cache: string;
  /** Pictures with more pixels are skipped. Default 100 million. */
  readonly maxPixels?: number;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number;
  /** Address of Redis or Valkey (`redis://`, `rediss://`), whose workers compute what is missing. Default: this machine does. */
  readonly queue?: string;
  /** Stops at a picture that cannot be used. Default false. */
  readonly strict?: boolean;
}

/**
 * Embeds the pictures of a folder of classes.
 *
 * @param sink takes the embeddings, `views` rows a picture; default: they are the pictures' `views`
 * @throws FolderError when no picture can be used; LostClassError when none of a class can; StrictError when one cannot,
 * and `strict` is set
 */
export async function loadDataset(
  { folder, classes, images, passedOver, warnings }: ClassFolder,
  { preparation, strict, queue, ...options }: LoadDatasetOptions,
  reporter: Reporter,
  sink?: RowSink,
): Promise<Dataset> {
  if (!(await hasSharp())) reporter.warn(sharpIsMissing);
  for (const warning of warnings) reporter.warn(warning);
  const used = new Set(images.map(({ label }) => label)).size;
  reporter.info(`${folder}: ${images.length} pictures of ${used} ${used === 1 ? 'class' : 'classes'}`);
  const watched = sink && watch(sink, options.views ?? 1);
  const paths = images.map(({ path }) => path);
  const run = {
    ...options,
    preprocessing: preparation.preprocessing,
    backbone: preparation.backboneModel,
    features: preparation.backbone.features,
    detector: preparation.detector,
  };
  const refused =
    queue === undefined ? undefined : await onQueue(paths, { ...run, queue, source: folder }, reporter);
  const { pictures, skipped } = await extractFeatures(paths, {
    ...run,
    refused,
    sink: watched?.sink,
    onProgress: ({ done, total, cached, skipped }) =>
      reporter.progress('Extracting features', {
        done,
        total,
        note: [...(cached ? [`${cached} cached`] : []), ...(skipped ? [`${skipped} skipped`] : [])].join(
          ', ',
        ),
      }),
  });
  const { weights } = preparation.backbone.info;
  for (const warning of describeFaceless(countFaces(pictures, skipped), { folder, weights }))
    reporter.warn(warning);
  for (const warning of describeFlat(pictures, { folder, alike: watched?.isLike() })) reporter.warn(warning);
  reportSkipped(skipped, reporter);
  checkStrict(skipped, strict);
  if (pictures.length === 0)
    throw new FolderError(folder, `whose ${images.length} pictures all had to be skipped`, {
      hint: skipped[0] && `${skipped[0].path}: ${skipped[0].reason}`,
    });
  const labels = new Map(images.map(({ path, label }) => [path, label]));
  const labelled = pictures.map((picture) => ({ ...picture, label: labels.get(picture.path) ?? 0 }));
  checkLost({ folder, classes, images }, labelled);
  return { folder, classes, pictures: labelled, skipped: [...passedOver, ...skipped] };
}

/** Has the workers of a queue compute what is missing. The code for it is loaded only here. */
async function onQueue(...given: Parameters<typeof computeTogether>): Promise<ReadonlyMap<string, string>> {
  const { computeTogether } = await import('../features/queue/compute-together.js');
  return computeTogether(...given);
}

/** A sink that passes on what it takes, and looks whether the pictures are all alike. */
function watch(sink: RowSink, views: number): { sink: RowSink; isLike: () => boolean } {
  let likeness = new Likeness();
  return {
    isLike: () => likeness.isLike,
    sink: {
      begin(rows, features) {
        likeness = new Likeness();
        sink.begin(rows, features);
      },
      write(place, row) {
        if (place % views === 0) likeness.add(row);
        sink.write(place, row);
      },
    },
  };
}
