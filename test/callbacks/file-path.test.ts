import test from 'ava';
import { formatFilePath } from '../../src/keras/callbacks/file-path.js';

const values = { epoch: 7, batch: 12, val_loss: 0.125, accuracy: 1, loss: Number.NaN };

// Right sides: what Python 3.11 prints for str.format with the same values, epoch and batch as int, others as float.
const paths = {
  '{epoch:02d}-{val_loss:.2f}.keras': '07-0.12.keras',
  '{epoch}-{batch:04d}-{accuracy}.h5': '7-0012-1.0.h5',
  '{{{epoch:>3}}}/{loss:6.1f}/{val_loss:08}.h5': '{  7}/   nan/0000.125.h5',
  'plain.weights.h5': 'plain.weights.h5',
  '{epoch:+.1e}{val_loss:%}{accuracy:g}': '+7.0e+0012.500000%1',
};

for (const [path, expected] of Object.entries(paths))
  test(`${path} is filled as Python fills it`, (t) => {
    t.is(formatFilePath(path, values), expected);
  });

const refused = {
  '{val_auc:.2f}.h5': [
    'KeyError',
    `Failed to format this callback filepath: "{val_auc:.2f}.h5". Reason: 'val_auc'`,
  ],
  '{epoch.h5': ['ValueError', "expected '}' before end of string"],
  'epoch}.h5': ['ValueError', "Single '}' encountered in format string"],
  '{val_loss:02d}.h5': ['ValueError', "Unknown format code 'd' for object of type 'float'"],
  '{epoch:.2d}.h5': ['ValueError', 'Precision not allowed in integer format specifier'],
  '{epoch:5x5}.h5': ['ValueError', "Invalid format specifier '5x5' for object of type 'int'"],
  '{epoch!r}.h5': ['ValueError', 'Expected a name and a format, as in {epoch:02d}. Received: {epoch!r}.'],
} as const;

for (const [path, [name, message]] of Object.entries(refused))
  test(`${path} is refused`, (t) => {
    t.throws(() => formatFilePath(path, values), { name, message });
  });
