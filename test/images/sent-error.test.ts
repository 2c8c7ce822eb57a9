import test from 'ava';
import { UserError, ValueError } from '../../src/errors.js';
import { ImageError } from '../../src/images/image.js';
import { NoFaceError } from '../../src/images/no-face-error.js';
import { packError, unpackError } from '../../src/platform/node/pool/sent-error.js';
import { ResourceError } from '../../src/platform/node/system-error.js';

/** A class that the way between threads knows nothing of. */
class OwnError extends UserError {
  override name = 'OwnError';
  readonly rows = 3;
  readonly cannotBeSent = () => {};
}

/** The error as it arrives in another thread. */
const sent = (error: unknown) => unpackError(structuredClone(packError(error)));

test('an error keeps its class, its words and its fields on the way to another thread', (t) => {
  const errors = [
    new ImageError('truncated', '3 bytes', {
      hint: 'copy it again.',
      cause: new RangeError('beyond the end'),
    }),
    new NoFaceError(),
    new ResourceError('file handles', 'EMFILE'),
    new ValueError('Expected another value.'),
    new UserError('Expected more.'),
    new RangeError('out of range'),
    new SyntaxError('not JSON'),
    new TypeError('no function'),
    Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', errno: -2, path: 'a.jpg' }),
  ];
  for (const error of errors) {
    const arrived = sent(error);
    t.is(arrived.constructor, error.constructor, error.name);
    t.deepEqual({ ...arrived }, { ...error });
    t.is(String(arrived), String(error));
    t.is(arrived.stack, error.stack);
    t.deepEqual(arrived.cause, error.cause);
  }
  t.true(sent(errors[0]).cause instanceof RangeError);
});

test('an error of another class arrives as the nearest that is known, under its own name', (t) => {
  const arrived = sent(new OwnError('Expected 4 rows.'));
  t.is(arrived.constructor, UserError);
  t.deepEqual({ ...arrived }, { name: 'OwnError', rows: 3 });
  t.is(String(arrived), 'OwnError: Expected 4 rows.');
  const dom = sent(new DOMException('it was aborted', 'AbortError'));
  t.is(dom.constructor, Error);
  t.is(String(dom), 'AbortError: it was aborted');
});

test('what is thrown and is no error becomes one', (t) => {
  t.is(String(sent('enough')), 'Error: enough');
  t.is(String(sent(undefined)), 'Error: undefined');
});
