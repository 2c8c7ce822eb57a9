import type { CommandModule } from 'yargs';
import { type ScalingName, scalings } from '../../graph/preprocessing.js';
import { type HeadActivation, headActivations } from '../../transfer/convert/classifier-head.js';
import { tellReplaced } from '../../transfer/write-over.js';
import { inFlags } from '../flags.js';
import { runCommand } from '../main.js';
import { printLines, tell } from '../terminal.js';

interface Arguments {
  in: string;
  out: string;
  labels?: string;
  scaling?: ScalingName;
  crop?: 'none' | 'center' | 'face';
  activation?: HeadActivation;
}

export const convert: CommandModule<object, Arguments> = {
  command: 'convert <in> <out>',
  describe: 'Rewrite a model: .h5, .keras, .onnx, or TF.js model.json to .h5, .keras or .onnx',
  builder: (yargs) =>
    yargs
      .positional('in', {
        type: 'string',
        demandOption: true,
        describe: 'Model file, or folder of a TF.js model',
      })
      .positional('out', { type: 'string', demandOption: true, describe: 'File to write' })
      .option('labels', {
        requiresArg: true,
        type: 'string',
        describe: 'For .onnx: names of the classes with commas between, or a file that lists them',
      })
      .option('scaling', {
        requiresArg: true,
        choices: Object.keys(scalings) as ScalingName[],
        describe:
          "For .onnx: how the model wants levels, in the words of Keras's preprocess_input: 'tf' is −1 to 1 [default: tf]",
      })
      .option('crop', {
        requiresArg: true,
        choices: ['none', 'center', 'face'] as const,
        describe: 'For .onnx: what to cut out of pictures [default: none]',
      })
      .option('activation', {
        requiresArg: true,
        choices: headActivations,
        describe: 'For .onnx: what makes probabilities of a linear last layer [default: as the loss says]',
      })
      .example('$0 convert face_recognition.h5 model.onnx --labels labels.txt', "Keras's file for the web")
      .example('$0 convert teachable-machine/ model.onnx', 'what Teachable Machine exported'),
  handler: ({ in: input, out, labels, ...options }) =>
    runCommand(async () => {
      const { convertModel, readLabels } = await import('../../transfer/convert/convert.js');
      const names = labels === undefined ? undefined : await readLabels(labels);
      await tellReplaced(out, tell);
      const { model, notes } = await convertModel({ ...options, input, out, labels: names, warn: tell });
      const parameters = model.countParams().toLocaleString('en');
      printLines(`${out}: ${model.name}, ${parameters} parameters`, ...notes.map(inFlags));
      return 0;
    }),
};
