/** Finds the file for an address, its type, and the part that is asked for. */
import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** A file to send. */
export interface StaticFile {
  readonly path: string;
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly modified: number;
  readonly type: string;
}

/** The answer to an address: a file, the folder's own address, or a refusal. */
export type Found =
  | { readonly file: StaticFile }
  | { readonly redirect: string }
  | { readonly status: 400 | 403 | 404 };

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.txt': 'text/plain; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.gif': 'image/gif',
  '.bmp': 'image/bmp',
  '.ico': 'image/x-icon',
  '.zip': 'application/zip',
};

/** Codes of errors that mean that there is no such file. */
const absent = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/**
 * Finds the file for a request. Folders answer with their `index.html`; names that begin with a dot are not served.
 *
 * @param root the folder's real path: nothing outside of it is given out, wherever links lead
 * @param target as the request has it: an encoded path, perhaps with a query
 */
export async function findFile(root: string, target: string): Promise<Found> {
  const [encoded, query] = target.split(/[?#]/, 2) as [string, string?];
  const names = decodePath(encoded);
  if (!names) return { status: 400 };
  if (names.includes('..')) return { status: 403 };
  const wantsFolder = names.at(-1) === '';
  const below = wantsFolder ? names.slice(0, -1) : names;
  if (below.some((name) => name === '' || name.startsWith('.'))) return { status: 404 };
  try {
    const path = await realpath(join(root, ...below));
    if (!isWithin(root, path)) return { status: 403 };
    const entry = await stat(path);
    if (entry.isDirectory()) {
      if (!wantsFolder) return { redirect: `${encoded}/${query === undefined ? '' : `?${query}`}` };
      return await toFile(root, await realpath(join(path, 'index.html')));
    }
    return wantsFolder ? { status: 404 } : await toFile(root, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (absent.has(code ?? '')) return { status: 404 };
    if (code === 'EACCES' || code === 'EPERM') return { status: 403 };
    throw error;
  }
}

/** The names that lead to a file, the last of them empty where a folder is asked for; undefined for no path. */
function decodePath(encoded: string): string[] | undefined {
  if (!encoded.startsWith('/')) return undefined;
  try {
    const path = decodeURIComponent(encoded);
    // A backslash is a separator to Windows, a null byte the end to programs in C.
    return /[\0\\]/.test(path) ? undefined : path.slice(1).split('/');
  } catch {
    return undefined;
  }
}

const isWithin = (root: string, path: string): boolean =>
  path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);

async function toFile(root: string, path: string): Promise<Found> {
  if (!isWithin(root, path)) return { status: 403 };
  const entry = await stat(path);
  // To read a pipe or a device might never end.
  if (!entry.isFile()) return { status: 404 };
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream';
  return { file: { path, size: entry.size, modified: Math.floor(entry.mtimeMs), type } };
}

/** Bytes of a file, the last included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a `Range` header. RFC 9110, section 14.
 *
 * @returns `undefined` for the whole file, as for headers that are wrong or ask for several parts; `null` where the
 * file has no such bytes
 */
export function parseRange(header: string | undefined, size: number): ByteRange | null | undefined {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [start, end] = [match[1], match[2]];
  if (start === '') {
    const count = Math.min(Number(end), size);
    return count === 0 ? null : { first: size - count, last: size - 1 };
  }
  const first = Number(start);
  const last = end === '' ? size - 1 : Number(end);
  if (end !== '' && last < first) return undefined;
  return first >= size ? null : { first, last: Math.min(last, size - 1) };
}
