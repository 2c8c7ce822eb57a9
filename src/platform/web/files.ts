import { download } from '../download.js';

/** The bytes at an address that the user names. */
export const readFile = (url: string): Promise<Uint8Array> => download({ file: 'a file', url });

/** A page has no folders to write to. */
const noFiles = async (path: string): Promise<never> => {
  throw new Error(
    `Expected a file system to write '${path}' to. Received: a web page. Hint: use this callback in Node.`,
  );
};
export const writeFile: (path: string, content: Uint8Array | string) => Promise<void> = noFiles;
export const appendFile: (path: string, content: Uint8Array | string) => Promise<void> = noFiles;
export const makeFolderOf: (path: string) => Promise<void> = noFiles;
export const copyFile: (from: string, to: string) => Promise<void> = noFiles;
export const remove: (path: string) => Promise<void> = noFiles;
export function listDirectory(path: string): { name: string; isFolder: boolean; isLink: boolean }[] | null {
  throw new Error(
    `Expected a file system to find '${path}' in. Received: a web page. Hint: give pictures as arrays to \`flow\`.`,
  );
}
export const fileExists = async (): Promise<boolean> => false;

/** Writes whole lines to the console, each in its last form, without the codes that draw a progress bar in place. */
export const print = lineByLine((line) => console.log(line));

export const processName = (): string => location.hostname;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours are such characters
const COLOURS = /\x1b\[\d+m/g;

function lineByLine(log: (line: string) => void): (text: string) => void {
  let pending = '';
  return (text) => {
    const lines = (pending + text).split('\n');
    pending = afterReturn(lines.pop() ?? '');
    for (const line of lines) log(afterReturn(line).replaceAll(COLOURS, ''));
  };
}

/** The text that is left to see of a line: a carriage return starts it over. */
const afterReturn = (line: string): string => line.slice(line.lastIndexOf('\r') + 1);
