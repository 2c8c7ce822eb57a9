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
