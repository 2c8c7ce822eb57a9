/** Errors of the operating system and of a machine that has no more to give, in words. */
import { UserError } from '../../errors.js';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than this process may write (ulimit -f)',
  EISDIR: 'it is a folder',
  ENOTDIR: 'it is not a folder',
  EEXIST: 'it is there already',
  ELOOP: 'a link that leads in circles',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOMEM: 'there is no more memory',
  EAGAIN: 'no more threads can be started',
  EIO: 'the disk cannot be read or written',
};

/** Why the system refused, in a few words; `undefined` where something else went wrong. */
export function systemReason(error: unknown): string | undefined {
  return reasons[codeOf(error) ?? ''];
}

/** Why the system refused, else the error's own message. */
export const reasonOf = (error: unknown): string =>
  systemReason(error) ?? (error instanceof Error ? error.message : String(error));

/** A part of the machine that can run out while pictures are read. */
export type Resource = 'memory' | 'threads' | 'file handles';

interface Shortage {
  readonly codes: readonly string[];
  /** How libraries word it: V8, libvips and the libraries below it, ONNX Runtime, the C++ standard library. */
  readonly words: RegExp;
  readonly expected: string;
  readonly hint: string;
}

const shortages: Readonly<Record<Resource, Shortage>> = {
  memory: {
    codes: ['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_MEMORY_ALLOCATION_FAILED', 'ERR_BUFFER_OUT_OF_MEMORY'],
    words:
      /out of memory|(insufficient|not enough) memory|bad_alloc|allocation failed|(failed|unable) to allocate|(cannot|could not) allocate|unable to grow|cannot enlarge memory|ENOMEM|failed to map segment/i,
    expected: 'enough memory',
    hint: 'end other programs, or allow this one more with ulimit -d and ulimit -v.',
  },
  threads: {
    codes: ['EAGAIN'],
    words: /resource temporarily unavailable|(unable|failed) to create thread|EAGAIN/i,
    expected: 'enough threads',
    hint: 'end other programs, or allow more with ulimit -u; each takes memory, too.',
  },
  'file handles': {
    codes: ['EMFILE', 'ENFILE'],
    words: /too many open files|EMFILE|ENFILE/i,
    expected: 'enough file handles',
    hint: 'allow more with ulimit -n.',
  },
};

/** The machine, or a limit that is set on this process, has no more to give. No picture is at fault. */
export class ResourceError extends UserError {
  override name = 'ResourceError';

  constructor(
    readonly resource: Resource,
    detail: string,
    options?: ErrorOptions,
  ) {
    const { expected, hint } = shortages[resource];
    super(`Expected ${expected}. Received: no more (${detail}). Hint: ${hint}`, options);
  }
}

/** The error as a `ResourceError`, where it or one of its causes says that something ran out; else `undefined`. */
export function resourceError(error: unknown): ResourceError | undefined {
  for (const link of causesOf(error)) {
    if (link instanceof ResourceError) return link;
    const resource = shortageOf(link);
    const [words = ''] = link.message.split('\n', 1);
    if (resource) return new ResourceError(resource, words.replace(/\.$/, ''), { cause: error });
  }
  return undefined;
}

function shortageOf(error: Error): Resource | undefined {
  const code = codeOf(error) ?? '';
  const all = Object.keys(shortages) as Resource[];
  const byCode = all.find((resource) => shortages[resource].codes.includes(code));
  // Our own words, and those of the system about files, may repeat a name that the user chose.
  if (byCode || error instanceof UserError || systemReason(error) !== undefined) return byCode;
  return all.find((resource) => shortages[resource].words.test(error.message));
}

/**
 * Whether trying again cannot help: the error tells a fault of the item itself. Others may come of the circumstances:
 * too little memory, a thread that died, a library that gives no reason.
 */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof UserError) || resourceError(error)) return false;
  return error.cause === undefined || systemReason(error.cause) !== undefined;
}

/** The error and its causes, from the outside in. */
function* causesOf(error: unknown): Generator<Error> {
  let link = error;
  for (let depth = 0; link instanceof Error && depth < 8; depth++) {
    yield link;
    link = link.cause;
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
