import type { Argv, CommandModule } from 'yargs';
import { precisions } from '../../classifier/precision.js';
import { pickKnown } from '../../named-options.js';
import type { Published, PublishOptions } from '../../transfer/convert/publish.js';
import { runCommand } from '../main.js';
import { type ArgumentsOf, engineOptions, pictureOptions, requireModel } from '../options.js';
import { printJson, printLines } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  pictureOptions(engineOptions(yargs))
    .option('model', {
      requiresArg: true,
      type: 'string',
      default: 'onnx/model.onnx',
      describe: 'Trained model',
    })
    .option('out', { requiresArg: true, type: 'string', demandOption: true, describe: 'File to write' })
    .option('precision', {
      requiresArg: true,
      choices: precisions,
      describe: 'How to store the weights: fp16 is half the size, int8 a quarter [default: as they are]',
    })
    .option('explain', {
      type: 'boolean',
      default: false,
      describe: 'Let the model tell where it looked (Grad-CAM)',
    })
    .option('validation', {
      requiresArg: true,
      type: 'string',
      describe: 'Folder with one sub-folder of photos a class, to measure what small weights cost',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the numbers as JSON' })
    .example('$0 export --out ../site/model.onnx', 'the model for a web page')
    .example('$0 export --out small.onnx --precision int8 --validation photos', 'a quarter of the size');

export const exportModel: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'export',
  describe: 'Check a trained model and write it where it is to be used, small if asked',
  builder,
  handler: ({ engine, provider, json, ...options }) =>
    runCommand(async () => {
      await requireModel(options.model);
      const { publishModel } = await import('../../transfer/convert/publish.js');
      const reporter = reporterFor(options);
      const job = (given: PublishOptions) => publishModel(given, reporter);
      const published = await job(pickKnown({ ...options, engine: { engine, provider } }, job));
      if (json) printJson(published);
      else printLines(...formatPublished(options.out, published));
      return 0;
    }),
};

/** Size and classes, then accuracy before and after where it was measured. */
function formatPublished(out: string, { labels, precision, bytes, evaluation }: Published): string[] {
  const megabytes = (count: number) => `${(count / 1e6).toFixed(1)} MB`;
  const before = bytes.after === bytes.before ? '' : `, before ${megabytes(bytes.before)}`;
  const lines = [
    `${out}: ${megabytes(bytes.after)}${before}, ${precision}, ${labels.length} classes: ${labels.join(', ')}`,
  ];
  if (evaluation) {
    const [was, is] = [evaluation.before.accuracy * 100, evaluation.after.accuracy * 100];
    const change = is - was;
    const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
    lines.push(
      `accuracy ${is.toFixed(1)}%, before ${was.toFixed(1)}%: ${sign}${Math.abs(change).toFixed(1)} points (${evaluation.after.samples} photos)`,
    );
  } else if (precision !== 'fp32') lines.push('accuracy not measured: name photos with --validation');
  return lines;
}
