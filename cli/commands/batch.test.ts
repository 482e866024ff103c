import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { denied } from '../stand-ins/storage.ts';
import { problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await new Workbench().open();
});
afterEach(() => bench.close());

const ROWS = 'row\na\nb\nc\n';
const batchOf = (...more: string[]) => bench.run('batch', ...more, '--model', 'churn');

/** What POST /batches was asked. */
function requests(): Record<string, unknown>[] {
  return bench.server
    .of(/^POST \/batches$/)
    .map(({ body }) => JSON.parse(body.toString('utf8')) as Record<string, unknown>);
}

/** Gives the terminal a screen; what is drawn on it from now on. */
function onScreen(): string[] {
  const drawn: string[] = [];
  const screen = new Writable({
    write(chunk: Buffer, _, done) {
      drawn.push(chunk.toString('utf8'));
      done();
    },
  });
  bench.terminal.screen = Object.assign(screen, { isTTY: true, columns: 200 });
  return drawn;
}

describe('a file is scored', () => {
  test('into FILE.scored.csv beside it', async () => {
    const file = await bench.file('churn.csv', ROWS);
    expect(await batchOf(file)).toBe(0);
    expect(await bench.files()).toEqual(['churn.csv', 'churn.scored.csv']);
    expect(await bench.read('churn.scored.csv')).toBe('row,leaves\na,1\nb,1\nc,1\n');
    expect(requests()).toEqual([
      { model: 'churn', format: 'csv', input: { blob: 'uploads/1/churn.csv' } },
    ]);
    expect(bench.terminal.output).toBe('');
    expect(bench.terminal.said).toEqual([
      'job job1: churn',
      `scored 3 rows in 10 s into ${bench.path('churn.scored.csv')}`,
    ]);
    expect(bench.terminal.listeners).toBe(0);
  });

  test('with everything that can be asked for', async () => {
    const file = await bench.file('churn.txt', ROWS);
    const out = bench.path('out.csv');
    const code = await batchOf(
      ...[file, '--version', 'champion', '--format', 'csv', '--keep', 'id', 'name', '--keep', 'x'],
      ...['--delimiter', ';', '--no-header', '--error-threshold', '5', '--out', out],
    );
    expect(code).toBe(0);
    expect(requests()).toEqual([
      {
        model: 'churn',
        version: 'champion',
        format: 'csv',
        csv: { delimiter: ';', header: false },
        keep: ['id', 'name', 'x'],
        errorThreshold: 5,
        input: { blob: 'uploads/1/churn.txt' },
      },
    ]);
    expect(await bench.files()).toEqual(['churn.txt', 'out.csv']);
  });

  test.each([
    ['rows.tsv', { format: 'csv', csv: { delimiter: '\t' } }, 'rows.scored.tsv'],
    ['rows.CSV.gz', { format: 'csv' }, 'rows.scored.CSV'],
    ['rows.ndjson', { format: 'jsonl' }, 'rows.scored.ndjson'],
    ['my rows.v2.jsonl.gz', { format: 'jsonl' }, 'my rows.v2.scored.jsonl'],
  ])('%s by its name', async (name, request, scored) => {
    expect(await batchOf(await bench.file(name, ROWS))).toBe(0);
    const [{ input, ...asked } = {}] = requests();
    expect(asked).toEqual({ model: 'churn', ...request });
    expect(input).toEqual({ blob: `uploads/1/${name.replace(' ', '_')}` });
    expect(await bench.files()).toContain(scored);
  });

  test('to standard output', async () => {
    expect(await batchOf(await bench.file('churn.csv', ROWS), '--out', '-')).toBe(0);
    expect(bench.terminal.output).toBe('row,leaves\na,1\nb,1\nc,1\n');
    expect(await bench.files()).toEqual(['churn.csv']);
  });

  test('and rows that fail are told apart', async () => {
    const file = await bench.file('churn.csv', 'row\na\nbad\n');
    expect(await batchOf(file)).toBe(0);
    expect(await bench.read('churn.scored.csv')).toBe('row,leaves\na,1\n');
    expect(await bench.read('churn.errors.csv')).toBe('line,reason\n0,bad\n');
    expect(bench.terminal.said.at(-1)).toBe(
      `1 row could not be scored: ${bench.path('churn.errors.csv')} says why`,
    );
  });

  test('an errors file that was asked for is written without any', async () => {
    const file = await bench.file('churn.csv', ROWS);
    expect(await batchOf(file, '--errors', bench.path('errors.csv'))).toBe(0);
    expect(await bench.read('errors.csv')).toBe('line,reason\n');
  });

  test('for scripts: the job and its files, and nothing else', async () => {
    const file = await bench.file('churn.csv', 'row\na\nbad\n');
    expect(await batchOf(file, '--json')).toBe(0);
    expect(bench.terminal.document()).toMatchObject({
      id: 'job1',
      state: 'completed',
      rows: { scored: 1, failed: 1 },
      files: { output: bench.path('churn.scored.csv'), errors: bench.path('churn.errors.csv') },
    });
    expect(bench.terminal.said).toEqual([]);
  });

  test('later, when it is detached', async () => {
    const file = await bench.file('churn.csv', ROWS);
    expect(await batchOf(file, '--detach')).toBe(0);
    expect(bench.terminal.output).toBe('job1\n');
    expect(bench.server.of(/^GET/)).toEqual([]);
    expect(await bench.run('batches', 'wait', 'job1', '--out', bench.path('later.csv'))).toBe(0);
    expect(await bench.read('later.csv')).toBe('row,leaves\na,1\nb,1\nc,1\n');
  });
});

describe('uploading', () => {
  // Three blocks, the last of them a short one.
  const large = Buffer.alloc(64 * 1024 * 1024 + 10, 'abcdefg');

  test('a large file goes up in blocks, in order; one that breaks goes again', async () => {
    const file = await bench.file('large.csv', large);
    bench.server.fail(/^PUT .*comp=block&/, 'reset');
    bench.server.fail(/^PUT .*comp=block&/, denied(503, 'ServerBusy', 'Busy.'));
    expect(await batchOf(file, '--detach')).toBe(0);
    expect(bench.server.of(/^PUT .*comp=block&/)).toHaveLength(5);
    expect(bench.server.of(/^PUT .*comp=blocklist/)).toHaveLength(1);
    expect(bench.server.storage.blobs.get('uploads/1/large.csv')?.equals(large)).toBe(true);
  });

  test('shows a bar on a screen, and leaves nothing of it', async () => {
    const drawn = onScreen();
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    const all = drawn.join('');
    expect(all).toMatch(/uploading █+ 100 % · 10 bytes of 10 bytes/);
    expect(all).toMatch(/scoring .*░ \d+ % · /);
    // Erase the line: the last that is drawn.
    expect(all.endsWith('\u001b[2K')).toBe(true);
  });

  test('what goes again is not counted twice', async () => {
    const drawn = onScreen();
    bench.server.fail(/^PUT/, denied(503, 'ServerBusy', 'Busy.'));
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    const all = drawn.join('');
    expect(all).toContain('10 bytes of 10 bytes');
    expect(all).not.toContain('20 bytes of 10 bytes');
  });

  test('what storage refuses is said in its words, without the permission', async () => {
    bench.server.fail(/^PUT/, denied(403, 'AuthenticationFailed', 'Signature not valid.'));
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(1);
    expect(bench.terminal.said).toEqual([
      'error: storage refused the upload: 403 AuthenticationFailed Signature not valid.',
    ]);
    expect(bench.server.of(/^POST \/batches/)).toEqual([]);
  });

  test('an upload that outlived its permission says so', async () => {
    bench.server.storage.expiresAt = '2029-12-31T23:00:00.000Z';
    bench.server.fail(/^PUT/, denied(403, 'AuthenticationFailed', 'Signature not valid.'));
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(1);
    expect(bench.terminal.said.join()).toMatch(/longer than its URL was valid \(until 2029/);
  });
});

describe('when something goes wrong', () => {
  test('an answer that was lost does not make a second job', async () => {
    bench.server.fail(/^POST \/batches/, 'reset');
    bench.server.fail(/^POST \/batches/, problem(503, 'not now', { 'retry-after': '7' }));
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    const keys = bench.server
      .of(/^POST \/batches/)
      .map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(bench.terminal.sleeps).toContain(7_000);
  });

  test('a server that is away for a while is waited for', async () => {
    bench.server.fail(/^GET \/batches\/job1$/, problem(503, 'starting', { 'retry-after': '3' }));
    bench.server.fail(/^GET \/batches\/job1$/, 'reset');
    bench.server.fail(/^GET \/batches\/job1$/, problem(429, 'busy'));
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    expect(bench.terminal.sleeps).toContain(3_000);
  });

  test('a download that breaks goes on where it broke', async () => {
    const rest = 'row,leaves\na,1\nb,1\nc,1\n';
    const cut = { status: 200, headers: { etag: '"1"' }, body: rest, cutAfter: 14 };
    bench.server.fail(/^GET .*output$/, cut);
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    const [, again] = bench.server.of(/^GET .*output$/);
    expect(again?.headers).toMatchObject({ range: 'bytes=14-', 'if-range': '"1"' });
    expect(await bench.read('churn.scored.csv')).toBe(rest);
  });

  test('a download that cannot go on leaves what was there before', async () => {
    await bench.file('churn.scored.csv', 'before');
    const cut = { status: 200, headers: { etag: '"1"' }, body: 'row,leaves\n', cutAfter: 3 };
    bench.server.fail(/^GET .*output$/, cut);
    bench.server.fail(/^GET .*output$/, { status: 200, headers: { etag: '"2"' }, body: 'other' });
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(1);
    expect(bench.terminal.said.at(-1)).toMatch(/the rest could not be fetched/);
    expect(await bench.read('churn.scored.csv')).toBe('before');
    expect(await bench.files()).toEqual(['churn.csv', 'churn.scored.csv']);
  });

  test('a download whose rest is of another file is given up', async () => {
    const headers = { etag: '"1"' };
    bench.server.fail(/^GET .*output$/, {
      status: 200,
      headers,
      body: 'row,leaves\n',
      cutAfter: 3,
    });
    const other = { etag: '"2"', 'content-range': 'bytes 3-10/11' };
    bench.server.fail(/^GET .*output$/, { status: 206, headers: other, body: 'OTHERS!\n' });
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(1);
    expect(bench.terminal.said.at(-1)).toMatch(/the rest could not be fetched/);
    expect(await bench.files()).toEqual(['churn.csv']);
  });

  test('a download that breaks again and again is not given up while it gets on', async () => {
    const all = 'twenty bytes of text';
    for (let at = 0; at < 15; at++) {
      bench.server.fail(/^GET .*output$/, {
        status: at === 0 ? 200 : 206,
        headers: { etag: '"1"', 'content-range': `bytes ${at}-19/20` },
        body: all.slice(at),
        ...(at < 14 && { cutAfter: 1 }),
      });
    }
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(0);
    expect(await bench.read('churn.scored.csv')).toBe(all);
  });

  test('a redirected download does not carry the key along', async () => {
    bench.server.storage.blobs.set('elsewhere', Buffer.from('moved\n'));
    const location = `/storage/elsewhere?sig=secret`;
    bench.server.fail(/^GET .*output$/, { status: 302, headers: { location } });
    expect(await batchOf(await bench.file('churn.csv', ROWS), '--key', 'k')).toBe(0);
    expect(await bench.read('churn.scored.csv')).toBe('moved\n');
    const keyOf = ({ headers }: { headers: Record<string, string | undefined> }) =>
      headers['x-functions-key'];
    expect(bench.server.of(/^(GET|PUT) \/storage/).map(keyOf)).toEqual([undefined, undefined]);
    expect(new Set(bench.server.of(/^\w+ \/(uploads|batches)/).map(keyOf))).toEqual(new Set(['k']));
  });

  test('a job that fails is told with its reason', async () => {
    bench.server.batches.failure = 'column `x` is missing';
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(1);
    expect(bench.terminal.said.at(-1)).toBe('error: job job1 failed: column `x` is missing');
    expect(await bench.files()).toEqual(['churn.csv']);
  });

  test('a job that fails is a document for scripts', async () => {
    bench.server.batches.failure = 'column `x` is missing';
    expect(await batchOf(await bench.file('churn.csv', ROWS), '--json')).toBe(1);
    const error = 'job job1 failed: column `x` is missing';
    expect(bench.terminal.document()).toMatchObject({ id: 'job1', state: 'failed', error });
  });

  test('what the server refuses is said in its words', async () => {
    const code = await bench.run('batch', await bench.file('a.csv', ROWS), '--model', 'nosuch');
    expect(code).toBe(1);
    expect(bench.terminal.said).toEqual([
      'error: Request for unknown model: "nosuch" is not found',
    ]);
  });
});

describe('Ctrl-C', () => {
  test('cancels the job and says so', async () => {
    bench.server.batches.isHeld = true;
    let polls = 0;
    bench.terminal.onSleep = () => {
      if (++polls === 3) bench.terminal.interrupt();
    };
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(130);
    expect(bench.server.batches.jobs.map(({ state }) => state)).toEqual(['cancelled']);
    expect(bench.terminal.said.slice(-2)).toEqual([
      'cancelling job job1; Ctrl-C again leaves at once',
      'error: job job1 is cancelled',
    ]);
    expect(await bench.files()).toEqual(['churn.csv']);
    expect(bench.terminal.listeners).toBe(0);
  });

  test('while the upload waits: no job is made', async () => {
    bench.server.fail(/^PUT/, 'reset');
    bench.terminal.onSleep = () => {
      bench.terminal.interrupt();
    };
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(130);
    expect(bench.server.of(/^POST \/batches/)).toEqual([]);
    expect(bench.terminal.said).toEqual(['error: stopped; no job was made']);
  });

  test('while the job is being made: it is cancelled once it is known', async () => {
    bench.server.fail(/^POST \/batches/, problem(503, 'not now'));
    bench.terminal.onSleep = () => {
      bench.terminal.interrupt();
      bench.terminal.onSleep = () => undefined;
    };
    expect(await batchOf(await bench.file('churn.csv', ROWS))).toBe(130);
    expect(bench.server.batches.jobs.map(({ state }) => state)).toEqual(['cancelled']);
  });

  test('too late: the job stays complete', async () => {
    const file = await bench.file('churn.csv', ROWS);
    bench.server.fail(/^GET .*output$/, problem(503, 'not now'));
    bench.terminal.onSleep = () => {
      if (bench.server.of(/^GET .*output$/).length > 0) bench.terminal.interrupt();
    };
    expect(await batchOf(file)).toBe(130);
    expect(bench.server.of(/^DELETE/)).toEqual([]);
    expect(bench.terminal.said.at(-1)).toMatch(/job1 is completed; .* fetches its output/);
    expect(await bench.files()).toEqual(['churn.csv']);
  });
});

describe('before anything is sent', () => {
  test.each([
    [['nosuch.csv'], /nosuch\.csv: there is no such file/],
    [['.'], /expected a file/],
    [['rows.bin'], /rows\.bin: the name doesn't tell the format .*--format csv/],
    [['empty.csv'], /empty\.csv: expected a file with something in it/],
    [['rows.csv', '--out', 'nosuch/out.csv'], /there is no such folder/],
    [['rows.csv', '--out', 'rows.csv'], /is the input/],
    [['rows.csv', '--out', 'x.csv', '--errors', 'x.csv'], /another file than --out/],
    [['rows.csv', '--out', '-', '--json'], /standard output is taken/],
    [['rows.csv', '--format', 'jsonl', '--delimiter', ';'], /are for CSV/],
    [['rows.csv', '--format', 'parquet'], /Allowed choices are csv, jsonl/],
    [['rows.csv', '--delimiter', '::'], /one ASCII character/],
    [['rows.csv', '--error-threshold', '-1'], /whole number/],
    [['rows.csv', '--detach', '--out', 'x.csv'], /batches wait ID/],
    [['rows.csv', '--nosuch'], /unknown option '--nosuch'/],
    [[], /missing required argument 'file'/],
  ])('%j is refused', async (args, error) => {
    await bench.file('rows.csv', ROWS);
    await bench.file('rows.bin', ROWS);
    await bench.file('empty.csv', '');
    const isPath = (arg: string) => /^(?:\.|.*\.(?:csv|bin))$/.test(arg);
    expect(await batchOf(...args.map((arg) => (isPath(arg) ? bench.path(arg) : arg)))).toBe(2);
    expect(bench.terminal.said.join('\n')).toMatch(error);
    expect(bench.server.asked).toEqual([]);
    expect(await readFile(bench.path('rows.csv'), 'utf8')).toBe(ROWS);
  });
});
