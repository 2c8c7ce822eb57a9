import { join } from 'node:path';
import {
  compareClasses,
  compareCodePoints,
  createPool,
  listImages,
  type OutputFolder,
  requireModule,
  writeTogether,
} from '#platform';
import type { SkippedPicture } from '../../classifier/dataset.js';
import { alikeThroughout, tellsThings } from '../../classifier/leakage.js';
import { resizeModel } from '../../classifier/resize-model.js';
import { findSuspectLabels, leaveOutLogistic } from '../../classifier/suspect-labels.js';
import type { Preprocessing } from '../../graph/preprocessing.js';
import { defaultMaxPixels } from '../../images/limits.js';
import { describeFlat } from '../data/describe-flat.js';
import { describeAlike } from '../data/describe-leakage.js';
import { countFaces, describeFaceless, type FaceCount } from '../data/faceless.js';
import { checkStrict } from '../data/list-classes.js';
import type { LoadDatasetOptions } from '../data/load-dataset.js';
import { refuseSplits } from '../data/splits.js';
import { type NamedSuspect, nameSuspects } from '../data/suspects.js';
import { type ExtractedPicture, extractFeatures } from '../features/extract.js';
import { type Preparation, type PreparationOptions, prepareBackbone } from '../features/preparation.js';
import type { Reporter } from '../reporter.js';
import type { Duplicates, Located, Split } from './duplicates.js';
import { type Entry, findExact, findNear } from './find-duplicates.js';
import type { Look, LookItem, LookSetup } from './look-worker.js';
import { type ClassOfPictures, markDuplicates, type Seen, writeSheet } from './sheets.js';

export interface InspectOptions extends PreparationOptions, Omit<LoadDatasetOptions, 'preparation'> {
  /** Folder with one sub-folder of pictures per class. */
  readonly folder: string;
  /** Such a folder that is to validate or test; its pictures are shown without other views. Default: none. */
  readonly validation?: string;
  /** Views to show of each picture, itself included. Default 4. */
  readonly views?: number;
  /** Folder for the contact sheets, one for each class. */
  readonly out: string;
  /** Pictures on a sheet of each split: copies first, the others evenly chosen. Default 400. */
  readonly most?: number;
}

/** Width and height in pixels, upright. */
type Size = readonly [width: number, height: number];

/** How many pictures there are of a class. */
interface ClassCount {
  readonly label: string;
  /** Pictures that can be used. */
  readonly train: number;
  readonly validation: number;
  readonly skipped: number;
  /** Pictures in which no face was found; `null` where none are looked for. */
  readonly withoutFace: number | null;
}

/** Facts about folders of pictures, to know before training on them. */
export interface Inspection {
  readonly preprocessing: Preprocessing;
  readonly folders: Readonly<Partial<Record<Split, string>>>;
  /** In the order of the names' code points. */
  readonly classes: readonly ClassCount[];
  /** The smallest, middle and largest picture by area; `null` where every picture was skipped. */
  readonly sizes: { readonly min: Size; readonly median: Size; readonly max: Size } | null;
  /** How many pictures there are of each format. */
  readonly formats: Readonly<Record<string, number>>;
  /** Pictures that cannot be used. */
  readonly skipped: readonly SkippedPicture[];
  /** Files that are not taken for pictures at all. */
  readonly passedOver: readonly SkippedPicture[];
  readonly warnings: readonly string[];
  readonly exact: readonly Duplicates[];
  readonly near: readonly Duplicates[];
  /** Pictures that look different and probably show the same thing: cropped, framed, turned, grey; or taken anew. */
  readonly sameThing: readonly Duplicates[];
  /** Pictures whose label is probably wrong, the least likely first. */
  readonly suspectLabels: readonly NamedSuspect[];
  /** Paths of the contact sheets. */
  readonly sheets: readonly string[];
}

/** Height and width of a picture on a sheet: smaller where views stand side by side. */
const tileOf = (views: number): number => (views > 1 ? 96 : 128);

/**
 * Looks through folders of pictures as a person would before training: draws them as the backbone will see them, counts
 * them, and finds those that are broken or there more than once.
 *
 * @throws FolderError when there is nothing to look at; StrictError when a picture is broken and none may be;
 * OutputBusyError where another run writes to `out`
 */
export async function inspectFolders(options: InspectOptions, reporter: Reporter): Promise<Inspection> {
  const preparation = await prepareBackbone(options, reporter);
  const { folder, validation } = options;
  const folders = { train: folder, ...(validation === undefined ? {} : { validation }) };
  const { pictures, passedOver, warnings } = await listSplits(folders);
  const { entries, skipped, faces, shown } = await embed(pictures, { ...options, preparation }, reporter);
  const place = { folder: Object.values(folders).join(' and '), weights: preparation.backbone.info.weights };
  const embeddings = entries.map(({ embedding }) => embedding);
  const median = tellsThings(preparation.backbone.info) ? alikeThroughout(embeddings) : null;
  const tells = tellsThings(preparation.backbone.info) && median === null;
  if (median !== null) warnings.push(describeAlike(median));
  warnings.push(...describeFaceless(faces, place), ...describeFlat(shown, place));
  checkStrict(skipped, options.strict);

  const setup: LookSetup = {
    engine: options.engine.name,
    preprocessing: preparation.preprocessing,
    maxPixels: options.maxPixels ?? defaultMaxPixels,
    seed: options.seed ?? 0,
    tile: tileOf(options.views ?? 4),
    resizeModel: resizeModel(preparation.preprocessing.size),
    detectorModel: preparation.detector ?? null,
  };
  const suspectLabels = await suspectsOf(entries, options, reporter);
  const listed = { folders, pictures, entries, skipped };
  const drawn = await writeTogether(options.out, (output) =>
    drawSheets(listed, { ...options, setup, output, tellsThings: tells }, reporter),
  );
  const facts = { preprocessing: preparation.preprocessing, folders, skipped, passedOver, warnings };
  return { ...facts, ...drawn, suspectLabels };
}

/** Compares each label with what the other pictures, of all folders together, tell of the picture. */
async function suspectsOf(
  entries: readonly Entry[],
  { engine, seed, folder }: InspectOptions,
  reporter: Reporter,
): Promise<NamedSuspect[]> {
  const classes = [...new Set(entries.map(({ label }) => label))].sort(compareCodePoints);
  const indices = new Map(classes.map((name, index) => [name, index]));
  const pictures = entries.map(({ path, content, label, embedding }) => ({
    ...{ path, content, views: [embedding] },
    label: indices.get(label) ?? 0,
  }));
  const onFold = (done: number, total: number) => reporter.progress('Judging labels', { done, total });
  const leftOut = await leaveOutLogistic(
    { folder, classes, pictures, skipped: [] },
    { engine, seed, onFold },
  );
  return nameSuspects(findSuspectLabels(leftOut), classes);
}

interface DrawOptions extends InspectOptions {
  /** The setup of each thread. */
  readonly setup: LookSetup;
  /** The folder to write to. */
  readonly output: OutputFolder;
  /** Whether the cosine of embeddings alone tells that pictures show the same thing. */
  readonly tellsThings: boolean;
}

interface Listed {
  readonly folders: Readonly<Partial<Record<Split, string>>>;
  readonly pictures: readonly Located[];
  readonly entries: readonly Entry[];
  readonly skipped: readonly SkippedPicture[];
}

/** Looks at every picture, compares them, and draws a sheet for each class. */
async function drawSheets(
  { folders, pictures, entries, skipped }: Listed,
  { engine, views = 4, most = 400, out, workers, setup, output, tellsThings }: DrawOptions,
  reporter: Reporter,
): Promise<Pick<Inspection, 'classes' | 'sizes' | 'formats' | 'exact' | 'near' | 'sameThing' | 'sheets'>> {
  const { preprocessing, tile } = setup;
  const entry = requireModule(
    () => new URL('./look-worker.js', import.meta.url),
    'transfer/inspect/look-worker.js',
  );
  const pool = await createPool<LookItem, Look>({ entry, setup, workers });
  try {
    const exact = findExact(entries);
    const found = await findNear(entries, { engine, pool, reporter, tellsThings });
    const marks = markDuplicates([...exact, ...found.near]);
    let done = 0;
    const onLook = () => reporter.progress('Drawing contact sheets', { done: ++done, total: entries.length });
    const classes: ClassCount[] = [];
    const sheets: string[] = [];
    const seen: Seen[] = [];
    for (const ofClass of byClass(pictures, entries, skipped)) {
      const drawn = await writeSheet(ofClass, {
        ...{ pool, folders, preprocessing, views, tile, most, marks, output, onLook },
      });
      sheets.push(join(out, drawn.name));
      seen.push(...drawn.seen);
      classes.push(countClass(ofClass, drawn.seen));
    }
    return { classes, sizes: spreadOfSizes(seen), formats: countFormats(seen), exact, ...found, sheets };
  } finally {
    await pool.close();
  }
}

/** The pictures of all folders, the files that were passed over, and warnings. */
async function listSplits(folders: Partial<Record<Split, string>>) {
  const pictures: Located[] = [];
  const passedOver: SkippedPicture[] = [];
  const warnings: string[] = [];
  const classes: string[][] = [];
  for (const [split, folder] of Object.entries(folders) as [Split, string][]) {
    const found = await listImages(folder);
    refuseSplits({ folder, ...found }, ({ train, held }) =>
      held ? `name ${train}, with \`validation\` ${held}.` : `name ${train}.`,
    );
    for (const { path, label } of found.images)
      pictures.push({ path, split, label: found.classes[label] ?? '' });
    passedOver.push(...found.skipped);
    warnings.push(...found.warnings);
    classes.push(found.classes);
  }
  const [train = [], validation] = classes;
  if (validation) warnings.push(...compareClasses(train, validation));
  return { pictures, passedOver, warnings };
}

/** The embeddings of pictures as they are, from the cache where they are there. */
async function embed(
  pictures: readonly Located[],
  { preparation, ...options }: InspectOptions & { preparation: Preparation },
  reporter: Reporter,
): Promise<{
  entries: Entry[];
  skipped: readonly SkippedPicture[];
  faces: FaceCount;
  shown: readonly ExtractedPicture[];
}> {
  const found = await extractFeatures(
    pictures.map(({ path }) => path),
    {
      ...options,
      views: 1,
      preprocessing: preparation.preprocessing,
      backbone: preparation.backboneModel,
      features: preparation.backbone.features,
      detector: preparation.detector,
      onProgress: ({ done, total, cached }) =>
        reporter.progress('Extracting features', { done, total, note: cached ? `${cached} cached` : '' }),
    },
  );
  const located = new Map(pictures.map((picture) => [picture.path, picture]));
  const entries = found.pictures.flatMap(({ path, content, views: [embedding] }) => {
    const picture = located.get(path);
    return picture && embedding ? [{ ...picture, content, embedding }] : [];
  });
  return {
    entries,
    skipped: found.skipped,
    faces: countFaces(found.pictures, found.skipped),
    shown: found.pictures,
  };
}

/** Every class that any of the pictures is of, though all of it be broken. */
function byClass(
  pictures: readonly Located[],
  entries: readonly Entry[],
  skipped: readonly SkippedPicture[],
): ClassOfPictures[] {
  const labels = new Map(pictures.map(({ path, label }) => [path, label]));
  return [...new Set(labels.values())].sort(compareCodePoints).map((label) => ({
    label,
    entries: entries.filter((entry) => entry.label === label),
    skipped: skipped.filter(({ path }) => labels.get(path) === label),
  }));
}

function countClass({ label, entries, skipped }: ClassOfPictures, seen: readonly Seen[]): ClassCount {
  const lookedFor = seen.some(({ faces }) => faces !== null);
  return {
    label,
    train: entries.filter(({ split }) => split === 'train').length,
    validation: entries.filter(({ split }) => split === 'validation').length,
    skipped: skipped.length,
    withoutFace: lookedFor ? seen.filter(({ faces }) => faces === 0).length : null,
  };
}

function spreadOfSizes(seen: readonly Seen[]): Inspection['sizes'] {
  const sizes = seen
    .map(({ width, height }): Size => [width, height])
    .sort((a, b) => a[0] * a[1] - b[0] * b[1] || a[0] - b[0]);
  const [min, median, max] = [sizes[0], sizes[(sizes.length - 1) >> 1], sizes.at(-1)];
  return min && median && max ? { min, median, max } : null;
}

function countFormats(seen: readonly Seen[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { format } of seen) counts[format] = (counts[format] ?? 0) + 1;
  return counts;
}
