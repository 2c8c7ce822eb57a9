#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { predict } from './commands/predict.js';
import { parserOptions } from './parser.js';

await parserOptions(yargs(hideBin(process.argv)))
  .scriptName('ort-predict')
  .command(predict)
  .parseAsync();
