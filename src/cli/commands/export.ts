import type { CommandModule } from 'yargs';
import { copyModel } from '../../transfer/copy-model.js';
import { runCommand } from '../run.js';

export const exportModel: CommandModule<object, { model: string; out: string }> = {
  command: 'export',
  describe: 'Check a trained model and write it where it is to be used',
  builder: (yargs) =>
    yargs
      .option('model', { type: 'string', default: 'onnx/model.onnx', describe: 'Exported model' })
      .option('out', { type: 'string', demandOption: true, describe: 'File to write' })
      .example('$0 export --out ../site/model.onnx', 'the model for a web page'),
  handler: ({ model, out }) =>
    runCommand(async () => {
      const { labels, bytes } = await copyModel(model, out);
      process.stdout.write(
        `${out}: ${(bytes / 1e6).toFixed(1)} MB, ${labels.length} classes: ${labels.join(', ')}\n`,
      );
      return 0;
    }),
};
