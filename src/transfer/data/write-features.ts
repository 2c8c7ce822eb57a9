import { join } from 'node:path';
import { makeWritableFolder, writeFile } from '#platform';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { encodeNpy } from '../features/npy.js';
import { type PreparationOptions, prepareBackbone } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import { listClasses } from './list-classes.js';
import { type LoadDatasetOptions, loadDataset } from './load-dataset.js';

export interface FeaturesOptions extends PreparationOptions, Omit<LoadDatasetOptions, 'preparation'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  /** Folder for `features.npy`, `labels.npy` and `manifest.json`. */
  readonly out: string;
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

/** Embeds a folder of classes and writes what NumPy reads: `features.npy` (N, D) and `labels.npy` (N). */
export async function writeFeatures(options: FeaturesOptions, reporter: Reporter): Promise<FeaturesManifest> {
  const { folder, out, views = 1, seed = 0 } = options;
  const preparation = await prepareBackbone(options, reporter);
  const found = await listClasses(folder, options, reporter);
  await makeWritableFolder(out);
  const { classes, pictures, skipped } = await loadDataset(found, { ...options, preparation }, reporter);
  const { features, info } = preparation.backbone;
  const rows = pictures.length * views;
  const x = new Float32Array(rows * features);
  const y = new BigInt64Array(rows);
  let row = 0;
  for (const picture of pictures)
    for (const view of picture.views) {
      x.set(view, row * features);
      y[row++] = BigInt(picture.label);
    }
  const manifest: FeaturesManifest = {
    classes,
    backbone: info,
    preprocessing: preparation.preprocessing,
    views,
    seed,
    shape: [rows, features],
    pictures: pictures.map(({ path, label, content }) => ({ path, label, sha256: content })),
    skipped,
  };
  await writeFile(join(out, 'features.npy'), encodeNpy({ type: 'float32', dims: [rows, features], data: x }));
  await writeFile(join(out, 'labels.npy'), encodeNpy({ type: 'int64', dims: [rows], data: y }));
  await writeFile(join(out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}
