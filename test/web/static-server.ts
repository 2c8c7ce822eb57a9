import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

export interface StaticServer {
  /** Address of the folder, with a slash at the end. */
  readonly url: string;
  /** The paths that were asked for, below `url`. */
  readonly requests: string[];
  /** How they were asked for: `GET` or `HEAD`, in the same order. */
  readonly methods: string[];
  close(): Promise<void>;
}

type Headers = Readonly<Record<string, string>>;

export interface ServeOptions {
  /** Paths to answer with 404 though the files exist. */
  hide?: readonly string[];
  /** Paths of which half is sent, then nothing more. */
  cut?: readonly string[];
  /** Paths that are answered with an HTML page, as servers of single-page applications do with files that they lack. */
  html?: readonly string[];
  /** Sent with every file. */
  headers?: Headers | (() => Headers);
}

/** Serves a folder below `/some/sub/path/`, as the plainest of servers would: no headers but the type. */
export async function serveFolder(
  folder: string,
  { hide = [], cut = [], html = [], headers = {} }: ServeOptions = {},
): Promise<StaticServer> {
  const prefix = '/some/sub/path/';
  const requests: string[] = [];
  const methods: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) || 'index.html' : undefined;
    requests.push(path ?? pathname);
    methods.push(request.method!);
    try {
      if (path === undefined || hide.includes(path)) throw new Error('hidden');
      if (html.includes(path)) {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><p>The application');
        return;
      }
      const body = await readFile(join(folder, normalize(`/${path}`)));
      response.writeHead(200, {
        ...(typeof headers === 'function' ? headers() : headers),
        'content-type': types[extname(path)] ?? 'application/octet-stream',
        ...(cut.includes(path) ? { 'content-length': body.length } : {}),
      });
      if (cut.includes(path))
        response.write(body.subarray(0, body.length >> 1), () => setImmediate(() => response.destroy()));
      else response.end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/html' }).end('<!doctype html><p>Not found');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    requests,
    methods,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
