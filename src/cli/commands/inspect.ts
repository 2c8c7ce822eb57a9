import type { Argv, CommandModule } from 'yargs';
import { openEngine } from '#platform';
import { printable } from '../../printable.js';
import type { NamedSuspect } from '../../transfer/data/suspects.js';
import type { Duplicates } from '../../transfer/inspect/duplicates.js';
import type { Inspection } from '../../transfer/inspect/inspect.js';
import { inFlags } from '../flags.js';
import { runCommand } from '../main.js';
import { type ArgumentsOf, checkWhole, featureOptions } from '../options.js';
import { printJson, printLines } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  featureOptions(yargs)
    .positional('folder', {
      type: 'string',
      demandOption: true,
      describe: 'Folder with one sub-folder of photos a class',
    })
    .option('validation', { requiresArg: true, type: 'string', describe: 'Such a folder to validate on' })
    .option('views', {
      requiresArg: true,
      type: 'number',
      default: 4,
      describe: 'Augmented views of each photo, itself included',
    })
    .option('out', {
      requiresArg: true,
      type: 'string',
      default: 'out/inspect',
      describe: 'Folder for a contact sheet a class',
    })
    .option('most', {
      requiresArg: true,
      type: 'number',
      default: 400,
      describe: 'Photos on a sheet, of each folder; copies first',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print what was found as JSON' })
    .check((args) => {
      checkWhole('views', args.views, 1);
      return checkWhole('most', args.most, 1);
    })
    .example('$0 inspect photos', 'see what the backbone will see, and find copies')
    .example('$0 inspect photos/train --validation photos/test', 'find what is in both, too');

export const inspect: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'inspect <folder>',
  describe: 'Look at photos before training: contact sheets, counts, broken files, copies, wrong labels',
  builder,
  handler: (args) =>
    runCommand(async () => {
      const { inspectFolders } = await import('../../transfer/inspect/inspect.js');
      const inspection = await inspectFolders(
        { ...args, engine: await openEngine({ engine: args.engine, provider: args.provider }) },
        reporterFor(args),
      );
      if (args.json) printJson(inspection);
      else printLines(...formatInspection(inspection));
      return 0;
    }),
};

/** A table of the classes, then a paragraph for each kind of finding, the worst first. */
function formatInspection(inspection: Inspection): string[] {
  const {
    folders,
    sizes,
    formats,
    skipped,
    passedOver,
    warnings,
    exact,
    near,
    sameThing,
    suspectLabels,
    sheets,
  } = inspection;
  const files = (paths: readonly { path: string; reason: string }[]) =>
    paths.map(({ path, reason }) => `${path}: ${reason}`);
  const byCount = Object.entries(formats).sort(([, a], [, b]) => b - a);
  return [
    `${Object.values(folders).join(', ')}: ${pictures(byCount.reduce((sum, [, count]) => sum + count, 0))} of ${inspection.classes.length} classes`,
    '',
    ...classTable(inspection),
    '',
    ...(sizes
      ? [
          `sizes    ${sizes.min.join('×')} smallest, ${sizes.median.join('×')} median, ${sizes.max.join('×')} largest`,
          `formats  ${byCount.map(([format, count]) => `${count} ${format}`).join(', ')}`,
        ]
      : []),
    ...paragraph('Worth knowing', warnings.map(inFlags)),
    ...paragraph(`Skipped: ${pictures(skipped.length)}`, files(skipped)),
    ...paragraph(`Passed over: ${count(passedOver.length, 'other file')}`, files(passedOver)),
    ...paragraph(`Same file: ${count(exact.length, 'group')}`, exact.map(formatGroup)),
    ...paragraph(`Nearly the same picture: ${count(near.length, 'group')}`, near.map(formatGroup)),
    ...paragraph(`Probably the same thing: ${count(sameThing.length, 'group')}`, sameThing.map(formatGroup)),
    ...paragraph(
      `Labels that look wrong: ${count(suspectLabels.length, 'picture')}`,
      suspectLabels.map(formatSuspect),
    ),
    ...(exact.length + near.length + sameThing.length === 0 ? ['', 'No picture is there twice.'] : []),
    '',
    `${count(sheets.length, 'contact sheet')}: ${sheets.length > 3 ? `${sheets[0]} … ${sheets.at(-1)}` : sheets.join(', ')}`,
  ];
}

type Column = readonly [title: string, of: (row: Inspection['classes'][number]) => number];

function classTable({ classes, folders }: Inspection): string[] {
  const single = folders.validation === undefined;
  const withFaces = classes.some(({ withoutFace }) => withoutFace !== null);
  const validation: Column = ['validation', ({ validation }) => validation];
  const noFace: Column = ['no face', ({ withoutFace }) => withoutFace ?? 0];
  const columns: Column[] = [
    [single ? 'photos' : 'train', ({ train }) => train],
    ...(single ? [] : [validation]),
    ['skipped', ({ skipped }) => skipped],
    ...(withFaces ? [noFace] : []),
  ];
  const width = Math.max(5, ...classes.map(({ label }) => printable(label).length));
  const line = (label: string, cells: readonly (string | number)[]) =>
    `${printable(label).padEnd(width)}${cells.map((cell) => String(cell).padStart(12)).join('')}`;
  return [
    line(
      'class',
      columns.map(([title]) => title),
    ),
    ...classes.map((row) =>
      line(
        row.label,
        columns.map(([, of]) => of(row)),
      ),
    ),
  ];
}

/** `in 2 classes: a/1.jpg = b/1.jpg`, with the similarity where the files differ. */
function formatGroup({ pictures, similarity, acrossClasses, acrossSplits }: Duplicates): string {
  const harm = [
    ...(acrossClasses ? [`in ${new Set(pictures.map(({ label }) => label)).size} classes`] : []),
    ...(acrossSplits ? ['in both splits'] : []),
  ].join(' and ');
  const alike = similarity === 1 ? '' : ` (${similarity.toFixed(3)})`;
  return `${harm && `${harm}: `}${pictures.map(({ path }) => path).join(similarity === 1 ? ' = ' : ' ≈ ')}${alike}`;
}

/** `a/1.jpg: labelled a (1.2%), looks like b` */
const formatSuspect = ({ path, given, probability, likely }: NamedSuspect): string =>
  `${path}: labelled ${given} (${(probability * 100).toFixed(1)}%), looks like ${likely}`;

const paragraph = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
const pictures = (number: number): string => count(number, 'picture');
