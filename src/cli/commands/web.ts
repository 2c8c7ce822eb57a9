import type { Argv, CommandModule } from 'yargs';
import { runCommand } from '../main.js';
import { type ArgumentsOf, requireModel } from '../options.js';
import { pageOptions, writePage } from '../pages/write-page.js';

const builder = (yargs: Argv<object>) =>
  pageOptions(yargs, 'out/web')
    .option('model', {
      requiresArg: true,
      type: 'string',
      default: 'onnx/model.onnx',
      describe: 'Trained model',
    })
    .option('webgpu', {
      type: 'boolean',
      default: false,
      describe: 'Add what runs models on graphics cards, 27 MB, of onnxruntime-web',
    })
    .example('$0 web', 'a page with the model; ort-transfer serve shows it')
    .example('$0 web --zip', 'one file to upload');

export const web: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'web',
  describe: 'Make a web page with a trained model, for any static server',
  builder,
  handler: ({ model, webgpu, ...args }) =>
    runCommand(async () => {
      await requireModel(model);
      const { readShippedPage } = await import('../pages/shipped-pages.js');
      const { assembleWebPage } = await import('../pages/web-page.js');
      return writePage(await assembleWebPage(await readShippedPage('web'), { model, webgpu }), args);
    }),
};
