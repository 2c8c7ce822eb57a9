import test from 'ava';
import { formatProgress, stderrReporter } from '../../src/cli/terminal-reporter.js';

test('progress tells step, count, rate, time left and what was left out', (t) => {
  t.is(formatProgress('Extracting features', { done: 0, total: 300 }, 0), 'Extracting features 0/300');
  t.is(
    formatProgress('Extracting features', { done: 120, total: 300, note: '3 skipped' }, 4),
    'Extracting features 120/300, 30/s, 6 s left (3 skipped)',
  );
  t.is(formatProgress('Evaluating', { done: 9, total: 900 }, 10), 'Evaluating 9/900, 0.9/s, 17 min left');
  t.is(
    formatProgress('Evaluating', { done: 100, total: 100_000 }, 10),
    'Evaluating 100/100000, 10/s, 2.8 h left',
  );
  t.is(formatProgress('Evaluating', { done: 9, total: 9 }, 3), 'Evaluating 9/9, 3.0/s');
});

/** What is written while a step of ten goes on, one a second. */
function watch(terminal: boolean): string {
  let text = '';
  let time = 0;
  const reporter = stderrReporter({
    terminal,
    now: () => time,
    write: (part) => {
      text += part;
    },
  });
  for (let done = 1; done <= 10; done++, time += 1000) {
    reporter.progress('Step', { done, total: 10 });
    if (done === 4) reporter.warn('careful');
  }
  reporter.info('done');
  return text;
}

test('in a pipe, a line every few seconds', (t) => {
  t.is(
    watch(false),
    ['warning: careful', 'Step 6/10, 1.2/s, 4 s left', 'Step 10/10, 1.1/s', 'done', ''].join('\n'),
  );
});

test('on a terminal, a line that is redrawn and left before anything else is said', (t) => {
  const text = watch(true);
  t.true(
    text.includes('\r\x1b[KStep 4/10, 1.3/s, 5 s left\nwarning: careful\n\r\x1b[KStep 5/10'),
    JSON.stringify(text),
  );
  t.true(text.endsWith('\r\x1b[KStep 10/10, 1.1/s\ndone\n'), JSON.stringify(text));
});

test('what formats itself keeps its colours unless none are wanted, and names lose their control characters', (t) => {
  const written = (colour: boolean) => {
    let text = '';
    const reporter = stderrReporter({
      colour,
      write: (part) => {
        text += part;
      },
    });
    reporter.print('\r\x1b[1m1/1\x1b[0m\n');
    reporter.warn('Skipped a\nb\x1b[2J.jpg');
    return text;
  };
  t.is(written(true), '\r\x1b[1m1/1\x1b[0m\nwarning: Skipped a\\nb\\x1b[2J.jpg\n');
  t.is(written(false), '\r1/1\nwarning: Skipped a\\nb\\x1b[2J.jpg\n');
});
