import type { ClassifierError } from '../classifier-protocol.js';

/** The names that a visitor knows things by. */
export interface Names {
  /** Address of the model. */
  readonly model: string;
  /** File name of the picture; undefined when it was pasted. */
  readonly picture?: string;
}

/** An error in words for someone who only wanted to try the page. Whoever runs it finds the rest in the event. */
export function describeError({ fault, message }: ClassifierError, { model, picture }: Names): string {
  switch (fault) {
    case 'no model':
      return `The model could not be loaded: ${reasonOf(message)}.`;
    case 'wrong model':
      return `The file ${model} cannot be used here. ${message}`;
    case 'no runtime':
      return `This browser could not start ONNX Runtime, which runs the model. ${describeRuntime(message)}`;
    case 'bad picture':
      return `${picture ? `“${picture}”` : 'This'} cannot be read as a picture. ${describePicture(message)}`;
    case 'no face':
      return 'There is no face in the picture, as far as can be seen, and this model looks at faces.';
    case 'no camera':
      return `The camera cannot be used. ${message}`;
    case 'failed':
      return `Something went wrong. ${message}`;
  }
}

/** Why ONNX Runtime did not start. */
function describeRuntime(message: string): string {
  const [, script] = /no script from (.*)\.$/.exec(message) ?? [];
  if (script)
    return `The script ${script} did not come. It must lie there, and the page's Content-Security-Policy must allow worker-src 'self'.`;
  return message.startsWith('Expected ') ? message : 'A newer browser may help; so may reloading the page.';
}

/** An ImageError's message as a sentence about the file: the part that was received, and the hint. */
export function describePicture(message: string): string {
  const [, received, hint] = /Received: (.*?)\.(?: Hint: (.*))?$/s.exec(message) ?? [];
  if (received === undefined) return message;
  // Words in backquotes are options of programs, which a visitor does not have.
  return `It is ${received}.${hint && !hint.includes('`') ? ` ${capitalised(hint)}` : ''}`;
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why a file did not come, from the words of a download. */
function reasonOf(message: string): string {
  if (message.includes('Content-Security-Policy'))
    return "the page's Content-Security-Policy forbids it, and would have to name its origin in connect-src";
  const [, missing] = /([^/]+)\. Received: HTTP status/.exec(message) ?? [];
  if (missing) return `there is no ${missing} here`;
  const [, name, received, total] = /([^/]+)\. Received: (\d+) of (\d+) bytes/.exec(message) ?? [];
  if (!name) return 'the server does not answer';
  return `the connection broke off after ${megabytes(received)} of the ${megabytes(total)} MB of ${name}. Reloading the page tries again`;
}

const megabytes = (bytes = '0'): string => (Number(bytes) / 1e6).toFixed(1);
