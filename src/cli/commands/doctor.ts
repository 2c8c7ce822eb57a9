import type { CommandModule } from 'yargs';
import { diagnose, formatDiagnosis } from '../doctor.js';
import { runCommand } from '../main.js';
import { printJson, printText } from '../terminal.js';

export const doctor: CommandModule<object, { json: boolean }> = {
  command: 'doctor',
  describe: 'Tell what this machine has and lacks',
  builder: (yargs) =>
    yargs
      .option('json', { type: 'boolean', default: false, describe: 'Print it as JSON' })
      .example('$0 doctor', 'what works here, and what to do about the rest'),
  handler: ({ json }) =>
    runCommand(async () => {
      const diagnosis = await diagnose();
      if (json) printJson(diagnosis);
      else printText(formatDiagnosis(diagnosis));
      return 0;
    }),
};
