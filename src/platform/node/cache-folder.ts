import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where embeddings are kept from run to run: `ORT_TRANSFER_CACHE`, else `ort-transfer` in the user's cache. */
export const cacheFolder = (): string =>
  process.env.ORT_TRANSFER_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ort-transfer');
