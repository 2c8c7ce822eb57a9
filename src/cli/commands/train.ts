import type { Argv, CommandModule } from 'yargs';
import { openEngine } from '#platform';
import { pickKnown } from '../../named-options.js';
import type { TrainOptions, TrainResult } from '../../transfer/train/train.js';
import { runCommand, UsageError } from '../main.js';
import { type ArgumentsOf, checkShare, checkWhole, featureOptions } from '../options.js';
import { canRedraw, printJson, printLines } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  featureOptions(yargs)
    .positional('folder', { type: 'string', describe: 'Folder with one sub-folder of photos a class' })
    .option('train', { requiresArg: true, type: 'string', describe: 'The same folder, as an option' })
    .option('validation', { requiresArg: true, type: 'string', describe: 'Such a folder to validate on' })
    .option('validation-split', {
      requiresArg: true,
      type: 'number',
      default: 0,
      describe: 'Share of each class to hold back, without --validation',
    })
    .option('folds', {
      requiresArg: true,
      type: 'number',
      default: 3,
      describe:
        'Parts that are left out in turn to measure the accuracy, where nothing is held back; 0 for none',
    })
    .option('head', {
      requiresArg: true,
      choices: ['auto', 'article', 'logistic'] as const,
      default: 'auto' as const,
      describe: 'Dense layers, logistic regression, or what suits the number of photos',
    })
    .option('keep', {
      requiresArg: true,
      choices: ['best', 'last'] as const,
      default: 'best' as const,
      describe: 'With validation photos: the weights of the best epoch, or of the last',
    })
    .option('prior', {
      requiresArg: true,
      choices: ['data', 'flat'] as const,
      default: 'data' as const,
      describe: 'flat: do not prefer classes with many photos',
    })
    .option('unknown', {
      requiresArg: true,
      choices: ['off', 'far', 'near'] as const,
      default: 'far' as const,
      describe: 'Learn to tell photos of other things; near: of things that look alike, too',
    })
    .option('reject', {
      requiresArg: true,
      type: 'number',
      default: 0.05,
      describe: 'Share of known photos that may be called unknown',
    })
    .option('strangers', {
      requiresArg: true,
      type: 'string',
      describe: 'Folder of photos of other things, to set that limit on',
    })
    .option('epochs', {
      requiresArg: true,
      type: 'number',
      default: 5,
      describe: 'How often every embedding is trained on',
    })
    .option('batch-size', {
      requiresArg: true,
      type: 'number',
      default: 16,
      describe: 'Embeddings between two updates of the weights',
    })
    .option('learning-rate', {
      requiresArg: true,
      type: 'number',
      default: 0.001,
      describe: "RMSprop's, at the beginning",
    })
    .option('schedule', {
      requiresArg: true,
      choices: ['linear', 'constant'] as const,
      default: 'linear' as const,
      describe: 'Let the learning rate fall to 0 by the end, or keep it',
    })
    .option('hidden', {
      requiresArg: true,
      type: 'string',
      default: '1024,512,512',
      describe: 'Units of the hidden layers',
    })
    .option('views', {
      requiresArg: true,
      type: 'number',
      default: 4,
      describe: 'Augmented views of each photo, itself included',
    })
    .option('out', {
      requiresArg: true,
      type: 'string',
      default: 'onnx',
      describe:
        'Folder for model.onnx, history.csv, history.json; or a file: .onnx, .keras, .h5, .weights.h5',
    })
    .option('neighbours', {
      type: 'boolean',
      default: false,
      describe:
        "Write the photos' embeddings and paths beside the model, for ort-predict --why; personal data where they show people",
    })
    .option('no-report', {
      type: 'boolean',
      default: false,
      describe: 'Write no report.html, which shows the mix-ups and the errors beside the model',
    })
    .option('no-pictures', {
      type: 'boolean',
      default: false,
      describe: 'Leave the photos out of the report',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' })
    .group(['validation', 'validation-split', 'folds', 'keep'], 'How well it does:')
    .group(['epochs', 'batch-size', 'learning-rate', 'schedule', 'hidden', 'head', 'prior', 'views'], 'Head:')
    .group(['unknown', 'reject', 'strangers'], 'Photos of other things:')
    .check((args) => {
      folderOf(args);
      checkWhole('epochs', args.epochs, 1);
      checkWhole('batch-size', args['batch-size'], 1);
      checkWhole('views', args.views, 1);
      if (!(args['learning-rate'] > 0 && Number.isFinite(args['learning-rate'])))
        throw new UsageError(`Expected --learning-rate above 0. Received: ${args['learning-rate']}.`);
      const split = args['validation-split'];
      checkShare('validation-split', split);
      checkShare('reject', args.reject);
      checkWhole('folds', args.folds, 0);
      parseUnits(args.hidden);
      return true;
    })
    .example('$0 train photos', 'faces')
    .example('$0 train a --validation b --weights imagenet', 'anything else, with ImageNet weights')
    .example('$0 train photos --out model.keras', 'a file to go on with in Keras');

export const train: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'train [folder]',
  describe: 'Train a classifier on folders of photos',
  builder,
  handler: (args) =>
    runCommand(async () => {
      const { trainClassifier } = await import('../../transfer/train/train.js');
      const { engine, provider, noReport, noPictures } = args;
      const options: TrainOptions = {
        ...args,
        train: folderOf(args),
        hidden: parseUnits(args.hidden),
        report: !noReport,
        pictures: !noPictures,
        engine: await openEngine({ engine, provider }),
        verbose: canRedraw() ? 1 : 2,
      };
      const reporter = reporterFor(args);
      const job = (given: TrainOptions) => trainClassifier(given, reporter);
      const result = await job(pickKnown(options, job));
      if (args.json) printJson(result);
      else printLines(...describe(result, args));
      return 0;
    }),
};

/** @throws UsageError unless there is one folder, in either place */
function folderOf({ folder, train }: { folder?: string; train?: string }): string {
  const [only, ...others] = [folder, train].filter((path) => path !== undefined);
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError(
    `Expected a folder with one sub-folder of photos a class, as in 'ort-transfer train photos'. Received: ${only === undefined ? 'none' : `${folder}, and ${train} with --train`}.`,
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

function describe(
  { model, bytes, evaluation, bestEpoch, head, temperature, foldShare, unknown }: TrainResult,
  {
    validation: folder,
    validationSplit,
    folds,
  }: { validation?: string; validationSplit: number; folds: number },
): string[] {
  const parts = [
    ...(head.includes('dense') ? [`dense layers (epoch ${bestEpoch})`] : []),
    ...(head.includes('logistic') ? ['logistic regression'] : []),
  ];
  const lines = [`${model}: ${(bytes / 1e6).toFixed(1)} MB, ${parts.join(' and ')}`];
  if (evaluation) {
    const { accuracy, loss, samples } = evaluation;
    const on = folder ?? (validationSplit > 0 ? 'held back' : `left out in turn, ${folds} folds`);
    const time = foldShare > 0 ? `, ${Math.round(foldShare * 100)}% of the time` : '';
    lines.push(`accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)} (${samples} photos, ${on}${time})`);
  }
  if (temperature > 1)
    lines.push(`The dense layers were too sure of themselves: temperature ${temperature.toFixed(2)}`);
  if (unknown?.scores) {
    const { auroc, falseRejection, falseAcceptance } = unknown.scores;
    lines.push(
      `strangers: AUROC ${auroc.toFixed(3)}; ${percent(falseAcceptance)} of them pass for known, ${percent(falseRejection)} of known photos for strangers`,
    );
  }
  return lines;
}

/** More units in a layer are a slip of the finger: two such layers would take 40 GB. */
const mostUnits = 100_000;

/** `1024,512` → [1024, 512]; nothing for no hidden layer. */
function parseUnits(text: string): number[] {
  const units = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  if (units.some((count) => !(Number.isInteger(count) && count >= 1 && count <= mostUnits)))
    throw new UsageError(
      `Expected --hidden like 1024,512, with at most ${mostUnits} units a layer. Received: ${text}.`,
    );
  return units;
}
