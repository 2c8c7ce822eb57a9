import type { Argv, CommandModule } from 'yargs';
import type { Evaluation } from '../../classifier/metrics.js';
import { pickKnown } from '../../named-options.js';
import { printable } from '../../printable.js';
import { describeLeakage } from '../../transfer/data/describe-leakage.js';
import type { EvaluateOptions } from '../../transfer/evaluate/evaluate.js';
import { runCommand, UsageError } from '../main.js';
import { type ArgumentsOf, engineOptions, pictureOptions, requireModel } from '../options.js';
import { printJson, printLines } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  pictureOptions(engineOptions(yargs))
    .positional('folder', {
      type: 'string',
      demandOption: true,
      describe: 'Folder with one sub-folder of photos a class',
    })
    .option('model', {
      requiresArg: true,
      type: 'string',
      default: 'onnx/model.onnx',
      describe: 'Exported model',
    })
    .option('report', {
      requiresArg: true,
      type: 'string',
      describe: 'HTML file to write, with mix-ups, errors and how sure the model is, in pictures',
    })
    .option('no-pictures', {
      type: 'boolean',
      default: false,
      describe: 'Leave the photos out of the report',
    })
    .option('strangers', {
      requiresArg: true,
      type: 'string',
      describe: 'Folder of photos of other things, to measure how well these are told',
    })
    .option('train', {
      requiresArg: true,
      type: 'string',
      describe: 'Folder of the training photos: tells the accuracy without photos that training has seen',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the numbers as JSON' })
    .check(({ noPictures, report }) => {
      if (noPictures && report === undefined)
        throw new UsageError('Expected --report with --no-pictures. Received: none.');
      return true;
    })
    .example('$0 evaluate photos/test --model onnx/model.onnx', 'accuracy, and how each class did')
    .example('$0 evaluate photos/test --report out.html', 'the same to look at, with the errors');

export const evaluate: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'evaluate <folder>',
  describe: 'Measure a trained model on folders of photos',
  builder,
  handler: ({ engine, provider, noPictures, ...args }) =>
    runCommand(async () => {
      await requireModel(args.model);
      const { evaluateClassifier } = await import('../../transfer/evaluate/evaluate.js');
      const reporter = reporterFor(args);
      const job = (given: EvaluateOptions) => evaluateClassifier(given, reporter);
      const result = await job(
        pickKnown({ ...args, pictures: !noPictures, engine: { engine, provider } }, job),
      );
      if (args.json) printJson(result);
      else printLines(...formatEvaluation(result));
      return 0;
    }),
};

/** A table with a row for each class, then the whole. */
function formatEvaluation({
  classes,
  samples,
  accuracy,
  loss,
  unknown,
  noFace,
  calibration,
  strangers,
  leakage,
}: Evaluation): string[] {
  const width = Math.max(5, ...classes.map(({ label }) => printable(label).length));
  const row = (label: string, ...cells: string[]) =>
    `${printable(label).padEnd(width)}${cells.map((cell) => cell.padStart(11)).join('')}`;
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  return [
    row('class', 'precision', 'recall', 'f1', 'photos'),
    ...classes.map(({ label, precision, recall, f1, support }) =>
      row(label, percent(precision), percent(recall), percent(f1), String(support)),
    ),
    '',
    ...(calibration
      ? [
          `calibration error ${percent(calibration.ece)} (${percent(calibration.floor)} of a perfect model on so few)`,
        ]
      : []),
    ...(noFace ? [`${noFace} of ${samples} photos have no face, and would be called so`] : []),
    ...(unknown ? [`${unknown} of ${samples} photos would be called unknown`] : []),
    ...(strangers
      ? [
          `strangers: AUROC ${strangers.auroc.toFixed(3)}; ${percent(strangers.falseAcceptance)} of them pass for known, ${percent(strangers.falseRejection)} of known photos for strangers`,
        ]
      : []),
    ...(leakage ? describeLeakage(leakage, samples) : []),
    ...(leakage && leakage.count === 0 ? ['Training has seen none of them, as far as can be told.'] : []),
    `accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)} (${samples} photos)`,
  ];
}
