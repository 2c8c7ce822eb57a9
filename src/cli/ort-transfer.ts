#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { cache } from './commands/cache.js';
import { convert } from './commands/convert.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { exportModel } from './commands/export.js';
import { features } from './commands/features.js';
import { inspect } from './commands/inspect.js';
import { predict } from './commands/predict.js';
import { serve } from './commands/serve.js';
import { studio } from './commands/studio.js';
import { summary } from './commands/summary.js';
import { train } from './commands/train.js';
import { web } from './commands/web.js';
import { worker } from './commands/worker.js';
import { nameACommand, parserOptions, withoutDashes } from './parser.js';
import { printJson, printLines } from './terminal.js';
import { asksForWeights, weightsRows, weightsTable } from './weights-list.js';

const args = withoutDashes(hideBin(process.argv));
const parser = parserOptions(yargs(args), args)
  .scriptName('ort-transfer')
  .usage('$0 <command>\n\nTransfer learning with a frozen MobileNet: photos in, one ONNX classifier out.')
  .command(train)
  .command({ ...predict, command: 'predict <image..>' })
  .command(evaluate)
  .command(features)
  .command(inspect)
  .command(exportModel)
  .command(convert)
  .command(summary)
  .command(web)
  .command(studio)
  .command(serve)
  .command(worker)
  .command(cache)
  .command(doctor)
  .completion('completion', 'Print a script that completes commands and options in bash or zsh')
  .demandCommand(1, nameACommand)
  .epilogue("Everything stays on this machine. 'ort-transfer COMMAND --help' tells more of each.");

if (!asksForWeights(args)) await parser.parseAsync();
else if (args.includes('--json')) printJson(weightsRows());
else printLines(...weightsTable());
