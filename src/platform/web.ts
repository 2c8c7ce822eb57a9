/** What Keras's API asks of its surroundings, in a page. `node.ts` answers the same in Node. */

/** The bytes at an address that the user names. */
export async function readFile(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Expected a file at ${url}. Received: HTTP status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

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
export const fileExists = async (): Promise<boolean> => false;

/** Writes whole lines to the console, each as it looks in the end, without what draws a progress bar in place. */
export const print = lineByLine((line) => console.log(line));

export const processName = (): string => location.hostname;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours are such characters
const COLOURS = /\x1b\[\d+m/g;

function lineByLine(log: (line: string) => void): (text: string) => void {
  let pending = '';
  return (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop()!;
    for (const line of lines) log(line.split('\r').at(-1)!.replaceAll(COLOURS, ''));
    pending = pending.split('\r').at(-1)!;
  };
}
