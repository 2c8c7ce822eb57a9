/**
 * Keeps the page for visits without a network, by the service worker that the build writes.
 *
 * Called once the page works: files that visitors wait for go first. Where the browser has no service workers or allows
 * none, the page needs its server, as any other.
 */
export function keepForOffline(): void {
  navigator.serviceWorker
    ?.register(new URL('./service-worker.js', import.meta.url), { updateViaCache: 'none' })
    .catch(() => {});
}
