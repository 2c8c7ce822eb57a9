import type { Argv, CommandModule } from 'yargs';
import { runCommand } from '../main.js';
import type { ArgumentsOf } from '../options.js';
import { pageOptions, writePage } from '../pages/write-page.js';

const builder = (yargs: Argv<object>) =>
  pageOptions(yargs, 'out/studio')
    .option('weights', {
      requiresArg: true,
      type: 'string',
      default: 'vggface2',
      describe: "'vggface2' for faces, 'imagenet' or 'imagenet-v2' for the rest, or a Keras .h5 file",
    })
    .example('$0 studio', 'a page where people train on faces; ort-transfer serve out/studio shows it')
    .example('$0 studio --weights imagenet', 'on anything else');

export const studio: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'studio',
  describe: 'Make the web page where people train a model themselves',
  builder,
  handler: ({ weights, ...args }) =>
    runCommand(async () => {
      const { readShippedPage } = await import('../pages/shipped-pages.js');
      const { assembleStudio } = await import('../pages/studio-page.js');
      return writePage(await assembleStudio(await readShippedPage('studio'), { weights }), args);
    }),
};
