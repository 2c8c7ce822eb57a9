import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../errors.js';
import { findFile, parseRange, type StaticFile } from './static-files.js';

export interface ServeOptions {
  /** Address to listen on. Default 127.0.0.1, which this machine alone reaches. */
  readonly host?: string;
  /** Port to listen on; 0 is any that is free. Default 8080. */
  readonly port?: number;
  /** Gives pages shared memory, so WebAssembly threads; they can then embed nothing from elsewhere. Default false. */
  readonly isolate?: boolean;
}

export interface FolderServer {
  /** `http://127.0.0.1:8080/` */
  readonly url: string;
  /** Whether other machines cannot reach it. */
  readonly isLocal: boolean;
  /** Stops listening and hangs up. */
  close(): Promise<void>;
}

/** A folder that cannot be served, or an address that cannot be listened on. */
export class ServeError extends UserError {
  override name = 'ServeError';
}

/** Headers without which browsers share no memory between a page and its workers. */
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Serves a folder to browsers on this machine, for trying a page out; no folder is listed, and nothing outside it is
 * given out.
 *
 * @throws ServeError when there is no such folder, or the address is taken
 *
 * @example
 * const server = await serveFolder('out/web', { port: 0 });
 * console.log(server.url);
 * await server.close();
 */
export async function serveFolder(
  folder: string,
  { host = '127.0.0.1', port = 8080, isolate = false }: ServeOptions = {},
): Promise<FolderServer> {
  const root = await findRoot(folder);
  const isLocal = isLoopback(host);
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(isolate ? isolation : {})) response.setHeader(name, value);
    answer(root, request, response, isLocal).catch(() => {
      // The visitor left, or the file went away while it was sent: there is nobody to tell.
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  });
  const address = await listen(server, host, port);
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${address.port}/`,
    isLocal,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function findRoot(folder: string): Promise<string> {
  const entry = await stat(folder).catch(() => undefined);
  if (entry?.isDirectory()) return realpath(folder);
  throw new ServeError(
    `Expected a folder to serve. Received: ${folder}, which ${entry ? 'is a file' : 'does not exist'}. Hint: 'ort-transfer web' builds out/web.`,
  );
}

const listen = (server: Server, host: string, port: number): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const reasons: Record<string, string> = {
        EADDRINUSE: 'which is in use. Hint: --port 0 takes one that is free',
        EACCES: 'which needs more rights. Hint: take one above 1023',
        EADDRNOTAVAIL: 'which is not this machine',
        ENOTFOUND: 'which is not known',
      };
      reject(
        new ServeError(
          `Expected an address to listen on. Received: ${host}, port ${port}, ${reasons[code ?? ''] ?? `which fails (${code})`}.`,
        ),
      );
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });

/** @param isLocal then only names of this machine are answered to */
async function answer(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  isLocal: boolean,
): Promise<void> {
  const { method, url = '', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return refuse(response, 405);
  }
  // A web site may have its own name lead to 127.0.0.1, and read files from there that it must not.
  if (isLocal && !isLoopback(hostName(headers.host))) return refuse(response, 421);
  const found = await findFile(root, url);
  if ('status' in found) return refuse(response, found.status);
  if ('redirect' in found) {
    response.setHeader('location', found.redirect);
    return refuse(response, 301);
  }
  await send(found.file, request, response);
}

async function send(file: StaticFile, { method, headers }: IncomingMessage, response: ServerResponse) {
  const { path, size, modified, type } = file;
  const tag = `"${size.toString(16)}-${modified.toString(16)}"`;
  const date = new Date(modified).toUTCString();
  response.setHeader('etag', tag);
  response.setHeader('last-modified', date);
  // Kept, but asked about each time: a model that was trained anew is seen at once.
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('accept-ranges', 'bytes');
  if (isUnchanged(headers, tag, modified)) {
    response.writeHead(304).end();
    return;
  }
  const condition = headers['if-range'];
  const isSame = condition === undefined || condition === tag || condition === date;
  const range = isSame ? parseRange(headers.range, size) : undefined;
  if (range === null) {
    response.setHeader('content-range', `bytes */${size}`);
    return refuse(response, 416);
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  response.writeHead(range ? 206 : 200, {
    'content-type': type,
    'content-length': last - first + 1,
    'x-content-type-options': 'nosniff',
    ...(range ? { 'content-range': `bytes ${first}-${last}/${size}` } : {}),
  });
  if (method === 'HEAD' || size === 0) response.end();
  else await pipeline(createReadStream(path, { start: first, end: last }), response);
}

/** RFC 9110, section 13: tags count before dates. */
function isUnchanged(headers: IncomingMessage['headers'], tag: string, modified: number): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined)
    return tags.split(',').some((each) => ['*', tag].includes(each.trim().replace(/^W\//, '')));
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return Math.floor(modified / 1000) * 1000 <= since;
}

/** Answers in a few words. */
function refuse(response: ServerResponse, status: number): void {
  const text = `${STATUS_CODES[status]}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': text.length,
    'x-content-type-options': 'nosniff',
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/** The name in a `Host` header, without the port. */
const hostName = (host = ''): string => host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');

const isLoopback = (host: string): boolean =>
  host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
