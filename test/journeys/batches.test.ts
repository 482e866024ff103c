import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createJob, endOf, readJob, resultOf, scoreRows } from './batch-client.ts';
import { register, sample } from './client.ts';
import { discard, type RunningHost, startHost } from './running-host.ts';

// Files of rows, over real HTTP, queues and blobs.

let host: RunningHost;
let rows: string[];
let header: string;
const expected: number[][] = [];
beforeAll(async () => {
  host = await startHost();
  await register(host.url, 'churn', await sample('churn'));
  const lines = (await readFile('test/fixtures/churn-test.csv', 'utf8')).trim().split('\n');
  header = `id,${lines[0] ?? ''}`;
  rows = lines.slice(1).map((line, index) => `${index},${line}`);
  const oracle = (await readFile('test/fixtures/churn-expected.csv', 'utf8')).trim().split('\n');
  for (const line of oracle) expected.push(line.split(',').map(Number));
});
afterAll(async () => {
  await discard(host);
});

const csv = (some: readonly string[]) => `${[header, ...some].join('\n')}\n`;
/** Cells by line, the header left out. */
const cellsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

async function score(query: string, body: string | Uint8Array<ArrayBuffer>, type?: string) {
  const { status, document } = await scoreRows(host.url, query, body, type);
  expect([status, document.error]).toEqual([202, undefined]);
  return await endOf(host.url, document.id);
}

describe('a CSV file', () => {
  test('each row once, in order, as scikit-learn answers it', async () => {
    const job = await score('model=churn&keep=id', csv(rows));
    expect(job).toMatchObject({ state: 'completed', rows: { scored: rows.length, failed: 0 } });
    const text = await resultOf(host.url, job.id, 'output');
    expect(text.split('\n')[0]).toBe('id,label,probabilities_0,probabilities_1');
    const cells = cellsOf(text);
    expect(cells.map(([id]) => Number(id))).toEqual(rows.map((_, index) => index));
    for (const [index, [, , zero, one]] of cells.entries()) {
      expect(Math.abs(Number(zero) - (expected[index]?.[0] ?? Number.NaN))).toBeLessThan(1e-5);
      expect(Math.abs(Number(one) - (expected[index]?.[1] ?? Number.NaN))).toBeLessThan(1e-5);
    }
    expect(await resultOf(host.url, job.id, 'errors')).toBe('');
  });

  test('gzip, CRLF, a byte order mark and no last line break change nothing', async () => {
    const plain = await score('model=churn&keep=id', csv(rows.slice(0, 50)));
    const wanted = await resultOf(host.url, plain.id, 'output');
    const windows = `\ufeff${[header, ...rows.slice(0, 50)].join('\r\n')}`;
    for (const body of [windows, Uint8Array.from(gzipSync(windows))]) {
      const job = await score('model=churn&keep=id', body);
      expect(await resultOf(host.url, job.id, 'output')).toBe(wanted);
    }
  });

  test('rows that can’t be scored stand in the errors with line and reason; the rest is scored', async () => {
    const some = rows.slice(0, 10);
    some[2] = '2,WY,127';
    some[5] = (some[5] ?? '').replace(/,[0-9]+,/, ',many,');
    some.splice(7, 0, '');
    const job = await score('model=churn&keep=id', csv(some));
    expect(job).toMatchObject({ state: 'completed', rows: { scored: 8, failed: 2 } });
    const cells = cellsOf(await resultOf(host.url, job.id, 'output'));
    expect(cells.map(([id]) => id)).toEqual(['0', '1', '3', '4', '6', '7', '8', '9']);
    const errors = cellsOf(await resultOf(host.url, job.id, 'errors'));
    expect(errors.map(([line]) => line)).toEqual(['4', '7']);
    expect(errors[1]?.join(',')).toContain('many');
  });

  test('more failed rows than errorThreshold fail the job', async () => {
    const some = [...rows.slice(0, 5), 'x', 'y'];
    const job = await score('model=churn&errorThreshold=1', csv(some));
    expect(job).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('errorThreshold'),
    });
  });
});

describe('bad files', () => {
  test.each([
    ['nothing at all', '', 'empty'],
    ['a header alone', 'HEADER\n', 'completed'],
    ['a column that is missing', 'id,state\n1,WY\n', 'column'],
  ])('%s', async (_, body, outcome) => {
    const job = await score('model=churn&keep=id', body.replace('HEADER', header));
    if (outcome === 'completed') {
      expect(job).toMatchObject({ state: 'completed', rows: { scored: 0, failed: 0 } });
      expect(await resultOf(host.url, job.id, 'output')).toBe('');
    } else expect(job).toMatchObject({ state: 'failed', reason: expect.stringContaining(outcome) });
  });

  test('a gzip that ends early', async () => {
    const whole = gzipSync(csv(rows));
    const job = await score('model=churn', Uint8Array.from(whole.subarray(0, whole.length / 2)));
    expect(job).toMatchObject({ state: 'failed', reason: expect.stringContaining('ends early') });
  });

  test('a line of a megabyte fails alone', async () => {
    const some = [...rows.slice(0, 3), `3,${'x'.repeat(1_000_000)}`, ...rows.slice(4, 6)];
    const job = await score('model=churn&keep=id', csv(some));
    expect(job).toMatchObject({ state: 'completed', rows: { scored: 5, failed: 1 } });
  });

  test('bytes that are no text', async () => {
    const noise = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 7919) % 256);
    const job = await score('model=churn', noise);
    expect(job.state).toBe('failed');
    expect(job.reason).toMatch(/column|UTF-8|text/);
  });
});

describe('JSONL', () => {
  test('plain objects by name, kept members as they came', async () => {
    const names = header.split(',');
    const objects = rows.slice(0, 20).map((row) => {
      const cells = row.split(',');
      return JSON.stringify(
        Object.fromEntries(
          names.map((name, at) => {
            const cell = cells[at] ?? '';
            return [name, /^[0-9.]+$/.test(cell) ? Number(cell) : cell];
          }),
        ),
      );
    });
    const job = await score('model=churn&keep=id', objects.join('\n'), 'application/x-ndjson');
    expect(job).toMatchObject({ state: 'completed', rows: { scored: 20, failed: 0 } });
    const answers = (await resultOf(host.url, job.id, 'output'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number; probabilities: number[] });
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    for (const { id, probabilities } of answers) {
      expect(Math.abs((probabilities[1] ?? 0) - (expected[id]?.[1] ?? 0))).toBeLessThan(1e-5);
    }
  });
});

describe('jobs', () => {
  test('a file beyond one body: uploaded, named, scored', async () => {
    const body = csv(rows);
    const granted = await fetch(`${host.url}/uploads`, {
      method: 'POST',
      body: JSON.stringify({ name: 'churn.csv', bytes: body.length }),
    });
    const { blob, url } = (await granted.json()) as { blob: string; url: string };
    const put = await fetch(url, {
      method: 'PUT',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body,
    });
    expect([granted.status, put.status]).toEqual([201, 201]);
    const wanted = { model: 'churn', input: { blob }, format: 'csv', keep: ['id'] };
    const first = await createJob(host.url, wanted, { 'idempotency-key': 'k1' });
    const again = await createJob(host.url, wanted, { 'idempotency-key': 'k1' });
    expect([first.status, again.document.id]).toEqual([202, first.document.id]);
    const other = await createJob(host.url, { ...wanted, keep: [] }, { 'idempotency-key': 'k1' });
    expect(other.status).toBe(409);
    const job = await endOf(host.url, first.document.id);
    expect(job).toMatchObject({ state: 'completed', rows: { scored: rows.length } });
  });

  test('what is wrong at once is told at once', async () => {
    const base = { model: 'churn', input: { blob: 'uploads/nothing' }, format: 'csv' };
    expect(await createJob(host.url, base)).toMatchObject({ status: 400 });
    expect(await createJob(host.url, { ...base, model: 'nobody' })).toMatchObject({ status: 404 });
    expect(await createJob(host.url, { ...base, colour: 1 })).toMatchObject({ status: 400 });
    const input = { url: 'https://example.com/x.csv' };
    expect(await createJob(host.url, { ...base, input })).toMatchObject({
      status: 400,
      document: { error: expect.stringContaining('PILOTLIGHT_BATCH_URL_HOSTS') },
    });
    expect(await scoreRows(host.url, 'model=churn', 'x', 'text/html')).toMatchObject({
      status: 415,
    });
    expect((await fetch(`${host.url}/batches/nonsense`)).status).toBe(404);
  });

  test('a cancelled one is final at once, has no output, and can’t be cancelled again', async () => {
    const many = Array.from({ length: 20 }, () => rows).flat();
    const { document } = await scoreRows(host.url, 'model=churn', csv(many));
    const cancel = () => fetch(`${host.url}/batches/${document.id}`, { method: 'DELETE' });
    const statuses = [(await cancel()).status, (await cancel()).status];
    expect(statuses).toEqual([202, 409]);
    expect((await readJob(host.url, document.id)).state).toBe('cancelled');
    const output = await fetch(`${host.url}/batches/${document.id}/output`);
    expect([output.status, await output.text()]).toEqual([
      409,
      expect.stringContaining('cancelled'),
    ]);
  });

  test('jobs are listed newest first, a page at a time', async () => {
    const ids: string[] = [];
    let continuation = '';
    for (;;) {
      const response = await fetch(`${host.url}/batches?limit=3${continuation}`);
      const page = (await response.json()) as { batches: { id: string }[]; continuation?: string };
      ids.push(...page.batches.map(({ id }) => id));
      if (!page.continuation) break;
      continuation = `&continuation=${page.continuation}`;
    }
    expect(ids.length).toBeGreaterThan(5);
    expect(ids).toEqual([...ids].sort().reverse());
  });
});
