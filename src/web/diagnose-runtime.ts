/** The files of ONNX Runtime, by their addresses. */
export interface RuntimePaths {
  readonly mjs: string;
  readonly wasm: string;
}

/** The smallest module of WebAssembly: its magic number and version. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * Says why ONNX Runtime did not start, which it does not tell itself: looks at its files as the server sends them, and
 * at what the page allows.
 *
 * @returns an error's message; undefined where all seems right
 */
export async function diagnoseRuntime({ mjs, wasm }: RuntimePaths): Promise<string | undefined> {
  try {
    new WebAssembly.Module(emptyModule);
  } catch (error) {
    return `Expected WebAssembly to be allowed. Received: ${error instanceof Error ? error.message : error}. Hint: the page's Content-Security-Policy needs script-src 'self' 'wasm-unsafe-eval'.`;
  }
  return (await describeFile(mjs, isScript)) ?? (await describeFile(wasm, isWasm));
}

/** What is wrong with a file; undefined if nothing. */
async function describeFile(
  url: string,
  isRight: (type: string, start: Uint8Array) => boolean,
): Promise<string | undefined> {
  const expected = `Expected ONNX Runtime's file ${url}.`;
  try {
    const response = await fetch(url);
    if (!response.ok)
      return `${expected} Received: HTTP status ${response.status}. Hint: copy it there, or name its folder with the attribute 'assets'.`;
    const type = response.headers.get('content-type') ?? 'unknown type';
    const start = new Uint8Array(await response.arrayBuffer()).subarray(0, 4);
    if (!isRight(type, start))
      return `${expected} Received: something of the type ${type}. Hint: the server must send the file itself, .mjs as text/javascript and .wasm as application/wasm.`;
  } catch (error) {
    return `${expected} Received: no reply (${error instanceof Error ? error.message : error}).`;
  }
  return undefined;
}

/** Browsers take modules of these types alone. */
const isScript = (type: string): boolean => /(java|ecma)script/.test(type);

const isWasm = (_type: string, start: Uint8Array): boolean =>
  emptyModule.subarray(0, 4).every((byte, i) => byte === start[i]);
