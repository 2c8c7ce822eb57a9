import { readFileSync } from 'node:fs';
import { createPool, reasonOf } from '#platform';
import type { ModelMetadata } from '../../../classifier/metadata.js';
import type { Engine } from '../../../engine/engine.js';
import type { Reporter } from '../../reporter.js';
import { adviseNext } from './advise.js';
import { chooseCloseUps, choosePictured, passingStrangers } from './choose-close-ups.js';
import { makeCloseUps } from './close-ups.js';
import type { Answer, Report, SmallPicture } from './report.js';
import { mostShown } from './sections.js';
import type { ThumbnailSetup } from './thumbnail-worker.js';

/** The most pixels of width and height: 5,000 photos of waste take 11 MB. */
const thumbnailSide = 160;

export interface CollectReportOptions
  extends Omit<Report, 'thumbnails' | 'closeUps' | 'noHeat' | 'version' | 'date' | 'labels'> {
  /** Those of the model. */
  readonly metadata: ModelMetadata;
  /** The bytes of the model, as ONNX. */
  readonly bytes: Uint8Array;
  /** Whether photos go into the report. */
  readonly pictures: boolean;
  /** Runs the model on the pictures that are shown large. */
  readonly engine: Engine;
  /** Pictures with more pixels are left out. Default: 100 million. */
  readonly maxPixels?: number;
  /** Threads. Default: as many as there are processors. */
  readonly workers?: number;
}

/** Makes the small pictures that a report shows. Nothing of a picture is in it with `pictures: false`. */
export async function collectReport(
  { metadata, bytes, pictures, engine, maxPixels, workers, ...given }: CollectReportOptions,
  reporter: Reporter,
): Promise<Report> {
  const { labels, preprocessing } = metadata;
  const bare = {
    ...given,
    labels,
    version: ownVersion(),
    date: new Date(),
    thumbnails: null,
    closeUps: new Map(),
    noHeat: null,
  };
  if (!pictures) return bare;
  const { worst, unsure } = chooseCloseUps(given.answers);
  const seen = await makeCloseUps([...worst, ...unsure], { model: bytes, engine, maxPixels });
  const { exif } = preprocessing;
  const setup = { side: thumbnailSide, exif, maxPixels };
  const thumbnails = await makeThumbnails(pathsOf(bare), { setup, workers }, reporter);
  return { ...bare, ...seen, thumbnails };
}

/** All pictures that are shown small. */
function pathsOf(report: Report): string[] {
  const { answers, suspectLabels = [], leakage, strangers } = report;
  return [
    ...new Set([
      ...choosePictured(answers).map(({ path }: Answer) => path),
      ...suspectLabels.map(({ path }) => path),
      ...(leakage?.pairs ?? []).flatMap(({ a, b }) => [a, b]),
      ...(strangers ? passingStrangers(strangers).slice(0, mostShown) : []),
      ...adviseNext(report).flatMap(({ examples }) => examples),
    ]),
  ];
}

async function makeThumbnails(
  paths: readonly string[],
  { setup, workers }: { setup: ThumbnailSetup; workers: number | undefined },
  reporter: Reporter,
): Promise<Map<string, SmallPicture>> {
  const thumbnails = new Map<string, SmallPicture>();
  const entry = new URL('./thumbnail-worker.js', import.meta.url);
  const pool = await createPool<string, SmallPicture>({ entry, setup, workers });
  let done = 0;
  try {
    for await (const outcome of pool.map(paths)) {
      if (outcome.ok) thumbnails.set(outcome.item, outcome.value);
      else reporter.warn(`The report shows ${outcome.item} by its name alone: ${reasonOf(outcome.error)}`);
      reporter.progress('Drawing the report', { done: ++done, total: paths.length });
    }
  } finally {
    await pool.close();
  }
  return thumbnails;
}

/** The version of this package. */
function ownVersion(): string {
  const file = new URL('../../../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
