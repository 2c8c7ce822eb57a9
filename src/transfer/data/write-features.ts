import { join } from 'node:path';
import { writeTogether } from '#platform';
import type { Dataset } from '../../classifier/dataset.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { named, refuseOthers } from '../../named-options.js';
import { encodeNpy } from '../features/npy.js';
import { type PreparationOptions, prepareBackbone } from '../features/preparation.js';
import { NpyRows } from '../features/row-sink.js';
import { type Reporter, silent, stoppable } from '../reporter.js';
import { tellReplaced } from '../write-over.js';
import { listClasses } from './list-classes.js';
import { type LoadDatasetOptions, loadDataset } from './load-dataset.js';
import { refuseSplits } from './splits.js';

export interface FeaturesOptions extends PreparationOptions, Omit<LoadDatasetOptions, 'preparation'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  /** Folder for `features.npy`, `labels.npy` and `manifest.json`. */
  readonly out: string;
  /** Ends the job, which then throws the signal's reason. Default: none. */
  readonly signal?: AbortSignal;
}

/** The content of `manifest.json`, which explains the rows of `features.npy`. */
export interface FeaturesManifest {
  readonly classes: readonly string[];
  readonly backbone: object;
  readonly preprocessing: Preprocessing;
  readonly views: number;
  readonly seed: number;
  /** Shape of `features.npy`. */
  readonly shape: readonly [rows: number, features: number];
  /** The rows, picture by picture, `views` rows each. */
  readonly pictures: readonly { readonly path: string; readonly label: number; readonly sha256: string }[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** @throws TypeError for options that are not known */
function checkNames(options: FeaturesOptions): void {
  const {
    folder,
    out,
    signal,
    engine,
    views,
    seed,
    cache,
    maxPixels,
    workers,
    queue,
    strict,
    weights,
    alpha,
    size,
    crop,
    noFace,
    outputName,
    inputScaling,
    inputLayout,
    ...others
  } = named(options, 'writeFeatures');
  refuseOthers(others, 'writeFeatures', checkNames);
}

/**
 * Embeds a folder of classes and writes NumPy's files: `features.npy` (N, D) and `labels.npy` (N).
 *
 * @throws OutputBusyError where another run writes to `out`
 */
export async function writeFeatures(
  options: FeaturesOptions,
  listener: Reporter = silent,
): Promise<FeaturesManifest> {
  checkNames(options);
  const { folder, out, views = 1, seed = 0, signal } = options;
  const reporter = stoppable(listener, signal);
  const preparation = await prepareBackbone(options, reporter);
  const found = await listClasses(folder, options, reporter);
  refuseSplits(found, ({ train }) => `name one of them, like ${train}.`);
  await tellReplaced(join(out, 'features.npy'), reporter.info);
  return writeTogether(out, async (output) => {
    const rows = new NpyRows(output.path('features.npy'), join(out, 'features.npy'));
    const dataset = await loadDataset(found, { ...options, preparation }, reporter, rows).finally(() =>
      rows.close(),
    );
    const { features, info: backbone } = preparation.backbone;
    const labels = toLabels(dataset, views);
    const manifest: FeaturesManifest = {
      classes: dataset.classes,
      backbone,
      preprocessing: preparation.preprocessing,
      ...{ views, seed },
      shape: [labels.length, features],
      pictures: dataset.pictures.map(({ path, label, content }) => ({ path, label, sha256: content })),
      skipped: dataset.skipped,
    };
    await output.write('labels.npy', encodeNpy({ type: 'int64', dims: [labels.length], data: labels }));
    await output.write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  });
}

/** The class of each row (N), picture by picture, `views` rows each. */
const toLabels = ({ pictures }: Dataset, views: number): BigInt64Array<ArrayBuffer> =>
  BigInt64Array.from({ length: pictures.length * views }, (_, row) =>
    BigInt(pictures[Math.floor(row / views)]?.label ?? 0),
  );
