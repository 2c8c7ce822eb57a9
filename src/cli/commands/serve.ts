import type { Argv, CommandModule } from 'yargs';
import { runCommand } from '../main.js';
import { type ArgumentsOf, checkWhole } from '../options.js';
import { serveFolder } from '../serve/serve.js';
import { printLines, tell } from '../terminal.js';

const builder = (yargs: Argv<object>) =>
  yargs
    .positional('folder', { type: 'string', default: 'out/web', describe: 'What to serve' })
    .option('port', {
      requiresArg: true,
      type: 'number',
      default: 8080,
      describe: 'Port; 0 takes one that is free',
    })
    .option('host', {
      requiresArg: true,
      type: 'string',
      default: '127.0.0.1',
      describe: 'Address to listen on; 0.0.0.0 lets other machines in',
    })
    .option('isolate', {
      type: 'boolean',
      default: false,
      describe: 'Send the headers (COOP, COEP) that let pages use several threads',
    })
    .check(({ port }) => checkWhole('port', port, 0, 65535))
    .example('$0 serve', "the page that 'ort-transfer web' built")
    .example('$0 serve site --port 3000 --isolate', 'another folder, with threads');

export const serve: CommandModule<object, ArgumentsOf<typeof builder>> = {
  command: 'serve [folder]',
  describe: 'Serve a web page to browsers on this machine',
  builder,
  handler: ({ folder, port, host, isolate }) =>
    runCommand(async (enough) => {
      const server = await serveFolder(folder, { port, host, isolate });
      if (!server.isLocal)
        tell(`warning: Whoever reaches this machine can read ${folder}; the traffic is not encrypted.`);
      printLines(`${server.url} serves ${folder} until Ctrl-C`);
      await stopped(enough);
      await server.close();
      return 0;
    }),
};

/** Waits for Ctrl-C, for the terminal to close, or for `kill`. */
const stopped = (enough: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    enough.addEventListener('abort', () => resolve());
  });
