import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Names this process among those that may write beside it, on this machine and on others: `HOST.PID`. */
export const processName = (): string => `${hostname()}.${process.pid}`;

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a file is there whose writer, a process of this machine, is no more. */
export async function isLeftBehind(path: string, pid: number): Promise<boolean> {
  const entry = await stat(path).catch(() => null);
  if (!entry) return false;
  // Containers give the same number again and again, to this process, too.
  return pid === process.pid ? entry.mtimeMs < performance.timeOrigin : !isRunning(pid);
}
