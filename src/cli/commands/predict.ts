import type { Argv, CommandModule } from 'yargs';
import { isWorthTelling } from '#platform';
import { defaultMaxPixels } from '../../images/limits.js';
import { pickKnown } from '../../named-options.js';
import {
  type ClassifiedFile,
  classifyFiles,
  expandPaths,
  type NamedPicture,
} from '../../transfer/predict/classify-files.js';
import { readInput } from '../../transfer/predict/picture-input.js';
import { runCommand, UsageError } from '../main.js';
import { type ArgumentsOf, checkShare, checkWhole, engineOptions, requireModel } from '../options.js';
import { standardInput } from '../parser.js';
import { printJson, printLines, tell } from '../terminal.js';

const builder = (yargs: Argv<object>) =>
  engineOptions(yargs)
    .positional('image', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Pictures, or folders of them; - for standard input',
    })
    .option('model', {
      requiresArg: true,
      type: 'string',
      default: 'onnx/model.onnx',
      describe: 'Exported model',
    })
    .option('top', { requiresArg: true, type: 'number', default: 3, describe: 'How many classes to show' })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'Print a list of {file, predictions, error}',
    })
    .option('save', {
      requiresArg: true,
      type: 'string',
      describe: 'Folder for copies with the label drawn on them',
    })
    .option('explain', {
      type: 'boolean',
      default: false,
      describe: 'Draw where the model looked over these copies, for models exported with --explain',
    })
    .option('why', {
      type: 'boolean',
      default: false,
      describe:
        'Show the three training pictures that each is most like, for models trained with --neighbours; with --save, draw them',
    })
    .option('all-faces', {
      type: 'boolean',
      default: false,
      describe: 'Label every face, where the model crops faces',
    })
    .option('max-pixels', {
      requiresArg: true,
      type: 'number',
      default: defaultMaxPixels,
      describe: 'Refuse pictures with more pixels',
    })
    .option('unknown', {
      requiresArg: true,
      choices: ['on', 'off', 'far', 'near'] as const,
      default: 'on' as const,
      describe:
        'Say "unknown" of pictures of other things, and "no face" where the model looks at faces: as trained, or by what far or near look at; off: give all a class',
    })
    .option('reject', {
      requiresArg: true,
      type: 'number',
      describe: 'Share of known pictures that may be called unknown [default: as trained]',
    })
    .check(({ top, save, explain, ...args }) => {
      if (explain && save === undefined)
        throw new UsageError('Expected --save with --explain, which draws. Received: none.');
      checkShare('reject', args.reject);
      checkWhole('max-pixels', args['max-pixels'], 1);
      return checkWhole('top', top, 1);
    })
    .example('ort-predict photo.jpg', 'the likeliest classes')
    .example('ort-predict photos --save labelled', 'labelled copies of all photos in a folder')
    .example('curl -sL https://… | ort-predict -', 'a picture from standard input')
    .example('ort-predict a.jpg b.jpg --json --top 1', 'for programs');

export const predict: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: '$0 <image..>',
  describe: 'Tell what is in a picture, with a model that ort-transfer trained',
  builder,
  handler: ({ image, engine, provider, top, json, unknown, reject, ...args }) =>
    runCommand(async (enough) => {
      await requireModel(args.model);
      const { paths, passedOver } = await expandPaths(image);
      if (paths.length === 0)
        throw new UsageError(`Expected pictures. Received: none in ${image.join(', ')}.`);
      for (const { path, reason } of passedOver.filter(isWorthTelling))
        tell(`warning: Passed over ${path}: ${reason}`);
      const entries: object[] = [];
      let failed = 0;
      const given = {
        ...args,
        engine: { engine, provider },
        reject,
        unknown: unknown === 'on' ? undefined : unknown,
      };
      const options = pickKnown(given, (probe) => classifyFiles([], probe).next());
      const pictures = await Promise.all(paths.map((path) => (path === standardInput ? readStdin() : path)));
      for await (const file of classifyFiles(pictures, options)) {
        if (enough.aborted) break;
        if ('error' in file) failed++;
        if (json) entries.push(toEntry(file, top));
        else if ('error' in file) tell(`${file.path}: ${file.error.message}`);
        else printLines(...formatFile(file, top));
      }
      if (json) printJson(entries);
      return failed === 0 ? 0 : 1;
    }),
};

/**
 * The contract of `--json`. Several faces make `faces`, beside the predictions of the largest; `face: null` and a note
 * say that a model which looks for faces found none.
 */
function toEntry(file: ClassifiedFile, top: number): object {
  if ('error' in file) return { file: file.path, predictions: [], error: file.error.message };
  const answers = file.results.map(({ predictions, stranger, doubt, box, lacksFace, neighbours }) => ({
    predictions: predictions.slice(0, top),
    ...(stranger || doubt ? { known: doubt === null } : {}),
    ...(doubt ? { reason: doubt } : {}),
    ...(stranger ? { familiarity: stranger.familiarity } : {}),
    ...(box ? { box } : {}),
    ...(lacksFace ? { face: null, note: noFace } : {}),
    ...(neighbours ? { neighbours } : {}),
  }));
  return {
    file: file.path,
    ...(answers[0] ?? { predictions: [] }),
    ...(answers.length > 1 ? { faces: answers } : {}),
    ...(file.saved === undefined ? {} : { saved: file.saved }),
  };
}

/** The picture that standard input carries. */
async function readStdin(): Promise<NamedPicture> {
  const bytes = await readInput(process.stdin);
  return { path: '-', bytes: bytes as Uint8Array };
}

/** Marks an answer about a whole picture, by a model that looks for faces. */
const noFace = 'no face found';

/** `photo.jpg: Ada 98.2%, Grace 1.1%`; with a doubt `photo.jpg: unknown, nearest Ada 98.2%`, or `no face, nearest …` */
function formatFile(file: Exclude<ClassifiedFile, { error: Error }>, top: number): string[] {
  return file.results.flatMap(({ predictions, doubt, lacksFace, neighbours = [] }, i) => {
    const classes = predictions
      .slice(0, top)
      .map(({ label, probability }) => `${label} ${(probability * 100).toFixed(1)}%`);
    const name = file.results.length > 1 ? `${file.path} face ${i + 1}` : file.path;
    const verdict = doubt ? `${doubt === 'no face' ? doubt : 'unknown'}, nearest ` : '';
    const mark = lacksFace && !doubt ? ` (${noFace})` : '';
    return [
      `${name}: ${verdict}${classes.join(', ')}${mark}`,
      ...neighbours.map(
        ({ path, label, similarity }) => `  like ${path}: ${label} (${similarity.toFixed(3)})`,
      ),
    ];
  });
}
