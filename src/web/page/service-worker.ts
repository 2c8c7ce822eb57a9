/**
 * Lets a page that was visited once open again without a network.
 *
 * The network goes first, so a visitor sees the newest files at once; the copies serve only where the server cannot be
 * reached. Each file is kept under the hash of its content, so another build fetches again the files that have changed,
 * and nothing else. Models are none of these files: the element keeps them itself.
 */

/** The files of this build beside this script, and the hash of each. The build puts them in. */
declare const builtFiles: Readonly<Record<string, string>>;

/** An event of a service worker; the browser waits for the promises that it is handed. */
interface Happening {
  waitUntil(promise: Promise<unknown>): void;
}

interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Happening) => void): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { readonly request: Request; respondWith(response: Promise<Response>): void }) => void,
  ): void;
}

const scope = globalThis as unknown as Scope;
/** Ends in a slash. */
const folder = scope.registration.scope;
/** Caches belong to the whole origin, where other pages may keep something, too. */
const shelf = `ort-transfer-page ${folder}`;

const keyOf = (name: string): string => `${folder}${name}?${builtFiles[name]}`;

/** Which of the files a request is for. */
function nameOf({ method, url }: Request): string | undefined {
  const address = url.replace(/[?#].*$/s, '');
  if (method !== 'GET' || !address.startsWith(folder)) return undefined;
  const name = decodeURIComponent(address.slice(folder.length)) || 'index.html';
  return Object.hasOwn(builtFiles, name) ? name : undefined;
}

/** Fetches the files that are not kept yet. Fails, to be tried again by the next visit, unless all of it can be had. */
async function keepFiles(): Promise<void> {
  const cache = await caches.open(shelf);
  const keepFile = async (name: string) => {
    if (await cache.match(keyOf(name))) return;
    // Some servers lead from index.html to the folder, and browsers show no page that was led elsewhere.
    const address = folder + (name === 'index.html' ? '' : name);
    // Asks the server whether the copy that the visit just fetched is current, which costs little.
    const response = await fetch(address, { cache: 'no-cache' });
    if (!response.ok)
      throw new Error(`Expected the file ${address}. Received: HTTP status ${response.status}.`);
    await cache.put(keyOf(name), response);
  };
  await Promise.all(Object.keys(builtFiles).map(keepFile));
}

/** Drops the files of other builds. */
async function dropOldFiles(): Promise<void> {
  const cache = await caches.open(shelf);
  const current = new Set(Object.keys(builtFiles).map(keyOf));
  for (const { url } of await cache.keys()) if (!current.has(url)) await cache.delete(url);
}

async function answer(request: Request, name: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(shelf)).match(keyOf(name));
    if (kept) return kept;
    throw error;
  }
}

scope.addEventListener('install', (event) => {
  event.waitUntil(keepFiles().then(() => scope.skipWaiting()));
});
// The page that is open may want a file that it did not need so far.
scope.addEventListener('activate', (event) => {
  event.waitUntil(dropOldFiles().then(() => scope.clients.claim()));
});
scope.addEventListener('fetch', (event) => {
  const name = nameOf(event.request);
  if (name !== undefined) event.respondWith(answer(event.request, name));
});
