import { statSync } from 'node:fs';

/** Tells two states of a file apart without reading it; empty where there is no file. */
export function fileStamp(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch {
    return '';
  }
}
