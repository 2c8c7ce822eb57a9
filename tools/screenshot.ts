/**
 * Takes a picture of the built page with an answer on it, for the README:
 * `node dist/tools/screenshot.js --site out/web --picture FILE --out FILE.png [--dark] [--width 1000] [--height 640]`.
 */
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium, waitForStatus } from '../test/web/browser.js';
import { serveFolder } from '../test/web/static-server.js';

export interface ScreenshotOptions {
  /** The folder that build-web wrote. */
  site: string;
  /** The picture to show. */
  picture: string;
  /** The PNG file to write. */
  out: string;
  dark?: boolean;
  width?: number;
  height?: number;
}

export async function takeScreenshot({
  site,
  picture,
  out,
  dark = false,
  width = 1000,
  height = 600,
}: ScreenshotOptions): Promise<void> {
  const server = await serveFolder(site);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme: dark ? 'dark' : 'light',
      reducedMotion: 'reduce',
    });
    await page.goto(server.url);
    await waitForStatus(page, /^Ready/);
    await page.locator('input[type=file]').setInputFiles(picture);
    await waitForStatus(page, /^Most likely/);
    await page.locator('ort-classifier canvas[part=picture]').waitFor();
    await mkdir(dirname(out), { recursive: true });
    await page.screenshot({ path: `${out}.partial`, type: 'png' });
    await rename(`${out}.partial`, out);
  } finally {
    await browser.close();
    await server.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      site: { type: 'string', default: 'out/web' },
      picture: { type: 'string' },
      out: { type: 'string' },
      dark: { type: 'boolean' },
      width: { type: 'string' },
      height: { type: 'string' },
    },
  });
  const { site, picture, out, dark, width, height } = values;
  try {
    if (!picture || !out)
      throw new Error('Expected --picture FILE --out FILE. Hint: build the page first, with make web.');
    await takeScreenshot({
      site,
      picture,
      out,
      ...(dark ? { dark } : {}),
      ...(width ? { width: Number(width) } : {}),
      ...(height ? { height: Number(height) } : {}),
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
