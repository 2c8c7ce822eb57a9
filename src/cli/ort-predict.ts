#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { predict } from './commands/predict.js';
import { parserOptions, withoutDashes } from './parser.js';

const args = withoutDashes(hideBin(process.argv));
await parserOptions(yargs(args), args).scriptName('ort-predict').command(predict).parseAsync();
