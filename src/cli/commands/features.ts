import type { Argv, CommandModule } from 'yargs';
import { openEngine } from '#platform';
import { pickKnown } from '../../named-options.js';
import type { FeaturesOptions } from '../../transfer/data/write-features.js';
import { runCommand } from '../main.js';
import { type ArgumentsOf, checkWhole, featureOptions } from '../options.js';
import { printLines } from '../terminal.js';
import { reporterFor } from '../terminal-reporter.js';

const builder = (yargs: Argv<object>) =>
  featureOptions(yargs)
    .positional('folder', {
      type: 'string',
      demandOption: true,
      describe: 'Folder with one sub-folder of photos a class',
    })
    .option('views', {
      requiresArg: true,
      type: 'number',
      default: 1,
      describe: 'Augmented views of each photo, itself included',
    })
    .option('out', {
      requiresArg: true,
      type: 'string',
      default: 'features',
      describe: 'Folder for features.npy, labels.npy, manifest.json',
    })
    .option('queue', {
      requiresArg: true,
      type: 'string',
      describe:
        'Have the workers at this Redis or Valkey compute, like redis://host:6379; --cache is shared with them',
    })
    .check(({ views }) => checkWhole('views', views, 1))
    .example('$0 features photos --out features', 'embeddings for NumPy, scikit-learn, …')
    .example('$0 features photos --queue redis://host', "with machines that run 'ort-transfer worker'");

export const features: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'features <folder>',
  describe: 'Turn photos into embeddings, as NumPy reads them',
  builder,
  handler: (args) =>
    runCommand(async () => {
      const { writeFeatures } = await import('../../transfer/data/write-features.js');
      const { engine, provider } = args;
      const reporter = reporterFor(args);
      const job = (given: FeaturesOptions) => writeFeatures(given, reporter);
      const options = { ...args, engine: await openEngine({ engine, provider }) };
      const manifest = await job(pickKnown(options, job));
      const { shape, skipped } = manifest;
      printLines(`${args.out}/features.npy: ${shape.join(' × ')}, ${skipped.length} photos skipped`);
      return 0;
    }),
};
