import { UserError, ValueError } from '../../errors.js';
import { formatNumber } from '../python/format.js';
import type { MetricResult } from './callback.js';

/**
 * Fills a path such as `{epoch:02d}-{val_loss:.2f}.keras` as Python's `str.format` does.
 *
 * `epoch` and `batch` are Python's integers, everything else its floats. `{{` and `}}` stand for braces.
 *
 * @throws KeyError when the path names a value that is not there.
 */
export function formatFilePath(path: string, values: Readonly<Record<string, MetricResult>>): string {
  return path.replaceAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (match, field: string | undefined) => {
    if (match === '{{' || match === '}}') return match.slice(1);
    if (match === '{') throw new ValueError("expected '}' before end of string");
    if (field === undefined) throw new ValueError("Single '}' encountered in format string");
    const [name = '', ...rest] = field.split(':');
    if (/[.[\]!]/.test(name))
      throw new ValueError(`Expected a name and a format, as in {epoch:02d}. Received: ${match}.`);
    const value = values[name];
    if (value === undefined)
      throw new KeyError(`Failed to format this callback filepath: "${path}". Reason: '${name}'`);
    if (typeof value !== 'number')
      throw new ValueError(
        `Expected numbers in the path "${path}". Received: '${name}', which has ${value.length} numbers.`,
      );
    return formatNumber(value, rest.join(':'), name === 'epoch' || name === 'batch');
  });
}

/** A name that a template asks for and the logs lack: Python's exception of this name. */
export class KeyError extends UserError {
  override name = 'KeyError';
}
