import type { Argv, CommandModule } from 'yargs';
import { openEngine } from '#platform';
import { trainClassifier } from '../../transfer/train/train.js';
import { runCommand, UsageError } from '../main.js';
import { type ArgumentsOf, checkWhole, featureOptions } from '../options.js';
import { printJson, printLines } from '../terminal.js';
import { stderrReporter } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  featureOptions(yargs)
    .option('train', {
      requiresArg: true,
      type: 'string',
      demandOption: true,
      describe: 'Folder with one sub-folder of photos a class',
    })
    .option('validation', { requiresArg: true, type: 'string', describe: 'Such a folder to validate on' })
    .option('validation-split', {
      requiresArg: true,
      type: 'number',
      default: 0.2,
      describe: 'Share of each class to hold back, without --validation',
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
    .option('json', { type: 'boolean', default: false, describe: 'Print the result as JSON' })
    .check((args) => {
      checkWhole('epochs', args.epochs, 1);
      checkWhole('batch-size', args['batch-size'], 1);
      checkWhole('views', args.views, 1);
      if (!(args['learning-rate'] > 0 && Number.isFinite(args['learning-rate'])))
        throw new UsageError(`Expected --learning-rate above 0. Received: ${args['learning-rate']}.`);
      const split = args['validation-split'];
      if (!(split >= 0 && split < 1))
        throw new UsageError(`Expected --validation-split from 0 to below 1. Received: ${split}.`);
      parseUnits(args.hidden);
      return true;
    })
    .example('$0 train --train photos', 'faces, a fifth of them for validation')
    .example('$0 train --train a --validation b --weights imagenet', 'anything else, with ImageNet weights')
    .example('$0 train --train photos --out model.keras', 'a file to go on with in Keras');

export const train: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'train',
  describe: 'Train a classifier on folders of photos',
  builder,
  handler: (args) =>
    runCommand(async () => {
      const result = await trainClassifier(
        {
          ...args,
          hidden: parseUnits(args.hidden),
          engine: await openEngine(args),
          verbose: process.stderr.isTTY ? 1 : 2,
        },
        stderrReporter(),
      );
      if (args.json) printJson(result);
      else printLines(...describe(result, args.validation));
      return 0;
    }),
};

function describe(
  { model, bytes, evaluation, bestEpoch }: Awaited<ReturnType<typeof trainClassifier>>,
  folder?: string,
): string[] {
  const size = `${(bytes / 1e6).toFixed(1)} MB`;
  const lines = [`${model}: ${size}, weights of epoch ${bestEpoch}`];
  if (evaluation) {
    const { accuracy, loss, samples } = evaluation;
    const on = folder ?? 'held-back photos';
    lines.push(
      `validation accuracy ${(accuracy * 100).toFixed(1)}%, loss ${loss.toFixed(4)} (${samples} photos, ${on})`,
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
