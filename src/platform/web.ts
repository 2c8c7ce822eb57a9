/** What Keras's API asks of its surroundings, in a page. `node.ts` answers the same in Node. */

/** The bytes at an address that the user names. */
export async function readFile(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Expected a file at ${url}. Received: HTTP status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
