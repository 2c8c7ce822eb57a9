import type { CommandModule } from 'yargs';
import { runCommand } from '../main.js';
import { printText, tell } from '../terminal.js';

export const summary: CommandModule<object, { file: string }> = {
  command: 'summary <file>',
  describe: 'List the layers of a model as Keras does: .h5, .keras, .onnx or TF.js model.json',
  builder: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'Model file' })
      .example('$0 summary model.keras', 'layers, shapes and parameters'),
  handler: ({ file }) =>
    runCommand(async () => {
      const { summarise } = await import('../../transfer/convert/convert.js');
      printText((await summarise(file, { warn: tell })).trimEnd());
      return 0;
    }),
};
