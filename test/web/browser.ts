import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Browser, type BrowserServer, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';

/** Debian's Chromium, or the one that `CHROMIUM` names. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

const options = (args: readonly string[]) => ({
  executablePath: chromiumPath,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    ...args,
  ],
});

/** Starts a Chromium of one's own. @param args more of its switches */
export const launchChromium = (...args: string[]): Promise<Browser> => chromium.launch(options(args));

/** Starts a Chromium that several processes use. @param args more of its switches */
export const serveChromium = (...args: string[]): Promise<BrowserServer> =>
  chromium.launchServer(options(args));

/** The browser that all test files share, with a camera. Closing it closes the caller's pages alone. */
export const sharedBrowser = (): Promise<Browser> => chromium.connect(process.env.SHARED_BROWSER!);

/**
 * Copies the page that all test files share into a folder of its own.
 *
 * @param model takes the place of a real, untrained one that looks at whole pictures; no detector of faces comes along
 */
export async function buildTestSite(model?: Uint8Array): Promise<TestSite> {
  const folder = await mkdtemp(join(tmpdir(), 'ort-transfer-web-'));
  await cp(process.env.SHARED_SITE!, folder, { recursive: true });
  if (model) await writeFile(join(folder, 'model.onnx'), model);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** A folder with a built page. */
export interface TestSite {
  readonly folder: string;
  remove(): Promise<void>;
}

/** A picture to choose, red all over. */
export const redFile = {
  name: 'red.png',
  mimeType: 'image/png',
  buffer: await sharp({ create: { width: 64, height: 48, channels: 3, background: '#c03020' } })
    .png()
    .toBuffer(),
};

/** What a visitor sees of the element. */
export interface Seen {
  readonly status: string;
  readonly isError: boolean;
  readonly predictions: readonly string[];
}

export const seen = (page: Page): Promise<Seen> =>
  page.locator('ort-classifier').evaluate((element) => {
    const root = element.shadowRoot!;
    const status = root.querySelector('.status')!;
    return {
      status: status.textContent!,
      isError: status.classList.contains('error'),
      predictions: Array.from(root.querySelectorAll('li'), (item) =>
        Array.from(item.querySelectorAll('span'), (part) => part.textContent).join(' '),
      ),
    };
  });

/** Waits until the status line reads like `pattern`. */
export const waitForStatus = (page: Page, pattern: RegExp): Promise<void> =>
  page.locator('ort-classifier').locator('.status').filter({ hasText: pattern }).waitFor();

/** Waits until the page is kept whole for visits without a network. */
export const waitForOfflineCopy = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated');
};

/** Resident memory of the browser's pages in MiB. */
export async function pageMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const pages = processInfo.filter(({ type }) => type === 'renderer');
  const sizes = await Promise.all(
    pages.map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
    }),
  );
  return Math.round(sizes.reduce((sum, size) => sum + size, 0));
}
