/** Refuses: a page has no files to write pictures to. */
export async function encodeImage(): Promise<Uint8Array> {
  throw new Error('Expected a file system to write pictures to. Received: a web page. Hint: do it in Node.');
}
