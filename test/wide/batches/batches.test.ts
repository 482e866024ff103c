import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { QueueServiceClient } from '@azure/storage-queue';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { holdEmulators } from '../../../local/emulator-client.ts';
import { createJob, endOf, readJob, resultOf } from '../../journeys/batch-client.ts';
import { infer, output, register, sample } from '../../journeys/client.ts';
import { discard, type RunningHost, startHost } from '../../journeys/running-host.ts';
import { churnSamples, writeChurnFile } from './churn-file.ts';
import { uploadFile } from './upload-file.ts';

// Files of many rows, hosts that share them, and hosts that are killed.

const ROWS = Number(process.env.BATCH_ROWS ?? 200_000);
const KILLS = Number(process.env.BATCH_KILLS ?? 10);
const SMALL_ROWS = 10_000;
const FLAT_BYTES = 100 << 20;
const FILE = join(tmpdir(), `pilotlight-batch-${process.pid}.csv`);

afterAll(async () => {
  await rm(FILE, { force: true });
});

async function hostWithChurn(options: Parameters<typeof startHost>[0] = {}): Promise<RunningHost> {
  const host = await startHost(options);
  const { status } = await register(host.url, 'churn', await sample('churn'));
  expect([200, 201]).toContain(status);
  return host;
}

const wanted = (blob: string) => ({ model: 'churn', input: { blob }, format: 'csv', keep: ['id'] });

async function scored(url: string, blob: string) {
  const { status, document } = await createJob(url, wanted(blob));
  expect([status, document.error]).toEqual([202, undefined]);
  return await endOf(url, document.id);
}

/** The most memory that the process has held since `mark`. */
async function mark(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

describe('a file of many rows', () => {
  let host: RunningHost;
  beforeAll(async () => {
    host = await hostWithChurn();
  });
  afterAll(async () => {
    await discard(host);
  });

  test(
    `${ROWS} rows: each once, in order, as predicted one by one, in flat memory`,
    async () => {
      const pid = host.process.pid ?? 0;
      await writeChurnFile(FILE, SMALL_ROWS);
      const small = await uploadFile(host.url, FILE, 'small.csv');
      await scored(host.url, small);
      await mark(pid);
      await scored(host.url, small);
      const smallPeak = await peakBytes(pid);

      await writeChurnFile(FILE, ROWS);
      const blob = await uploadFile(host.url, FILE, 'large.csv');
      await mark(pid);
      const began = performance.now();
      const job = await scored(host.url, blob);
      const seconds = (performance.now() - began) / 1000;
      const peak = await peakBytes(pid);
      const { stdout } = await promisify(execFile)(process.execPath, [
        'test/wide/batches/bare-rows.mjs',
        'models/churn/model.onnx',
        'test/fixtures/churn-test.csv',
      ]);
      const share = Math.round((100 * ROWS) / seconds / Number(stdout));
      console.log(
        `${ROWS} rows in ${seconds.toFixed(1)} s: ${Math.round(ROWS / seconds)} rows/s, ${share} % of the bare runtime on parsed rows; peak RSS ${(peak / 1e6).toFixed(0)} MB, of ${SMALL_ROWS} rows ${(smallPeak / 1e6).toFixed(0)} MB`,
      );
      expect(job).toMatchObject({ state: 'completed', rows: { scored: ROWS, failed: 0 } });
      expect(peak - smallPeak).toBeLessThan(FLAT_BYTES);

      const { header, rows } = await churnSamples();
      const names = header.split(',').slice(1, -1);
      const checked = new Set(
        Array.from({ length: 1_000 }, () => Math.floor(Math.random() * ROWS)),
      );
      const response = await fetch(`${host.url}/batches/${job.id}/output`);
      if (!response.body) throw new Error('no body');
      let next = -1;
      for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
        if (next >= 0) {
          const [id, label, zero, one] = line.split(',');
          expect(id).toBe(String(next));
          if (checked.has(next)) {
            const cells = (rows[next % rows.length] ?? '').split(',');
            const answer = await infer(host.url, 'churn', request(names, cells));
            expect(output(answer, 'label').data.map(String)).toEqual([label]);
            expect(output(answer, 'probabilities').data).toEqual([zero, one].map(Number));
          }
        }
        next++;
      }
      expect(next).toBe(ROWS);
    },
    30 * 60_000,
  );
});

const TEXTS = new Set(['state', 'area_code', 'international_plan', 'voice_mail_plan']);
function request(names: readonly string[], cells: readonly string[]) {
  return {
    inputs: names.map((name, at) => ({
      name,
      shape: [1, 1],
      datatype: TEXTS.has(name) ? 'BYTES' : 'FP32',
      data: [TEXTS.has(name) ? (cells[at] ?? '') : Number(cells[at])],
    })),
  };
}

describe('several hosts, and hosts that die', () => {
  const ENV = {
    PILOTLIGHT_MESSAGE_LOCK_MS: '2000',
    PILOTLIGHT_SWEEP_AFTER_MS: '5000',
    // Many chunks, so that there is something to share, and to lose.
    PILOTLIGHT_BATCH_CHUNK_BYTES: String(32 << 10),
  };
  let host: RunningHost;
  let blob: string;
  let undisturbed: { output: string; errors: string };
  beforeAll(async () => {
    host = await hostWithChurn({ env: ENV });
    await writeChurnFile(FILE, 20_000);
    const lines = (await readFile(FILE, 'utf8')).split('\n');
    for (let bad = 7; bad < lines.length; bad += 501) lines[bad] = `bad row ${bad}`;
    await writeFile(FILE, lines.join('\n'));
    blob = await uploadFile(host.url, FILE, 'shared.csv');
    const job = await scored(host.url, blob);
    expect(job).toMatchObject({ state: 'completed', rows: { failed: 40 } });
    undisturbed = await results(host.url, job.id);
  });
  afterAll(async () => {
    await discard(host);
  });

  const results = async (url: string, id: string) => ({
    output: digest(await resultOf(url, id, 'output')),
    errors: digest(await resultOf(url, id, 'errors')),
  });
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  const chunksBy = ({ lines }: RunningHost) =>
    lines.filter((line) => /^queue score-batch .* done/.test(line)).length;

  test('two hosts share the chunks, and nothing changes in the output', async () => {
    const second = await startHost({ dataDir: host.dataDir, env: ENV });
    const before = [chunksBy(host), chunksBy(second)];
    const job = await scored(host.url, blob);
    const shares = [host, second].map((each, at) => chunksBy(each) - (before[at] ?? 0));
    console.log(`chunks by host: ${shares.join(', ')}`);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(await results(second.url, job.id)).toEqual(undisturbed);
    await second.stop();
  });

  test(
    `${KILLS} kills, every message delivered twice: the same bytes`,
    async () => {
      const emulators = await holdEmulators({
        folder: host.dataDir,
        entry: join(process.env.PILOTLIGHT_TEST_DIST ?? '', 'emulators.mjs'),
      });
      const queue = QueueServiceClient.fromConnectionString(emulators.storage).getQueueClient(
        'batch-chunks',
      );
      const send = (message: object) =>
        queue.sendMessage(Buffer.from(JSON.stringify(message)).toString('base64'));
      let kills = 0;
      let jobs = 0;
      while (kills < KILLS) {
        const { document } = await createJob(host.url, wanted(blob));
        const { id } = document;
        jobs++;
        for (;;) {
          const job = await readJob(host.url, id);
          if (job.state !== 'queued' && job.state !== 'running') break;
          if (job.state === 'running') {
            // What the host was sent it gets once more, in another order.
            for (let chunk = job.chunks.total - 1; chunk >= 0; chunk -= 1 + (kills % 3)) {
              await send({ kind: 'chunk', id, chunk });
            }
            await Promise.all([send({ kind: 'plan', id }), send({ kind: 'finish', id })]);
          }
          await sleep(Math.random() * 1_500);
          if (kills < KILLS) {
            kills++;
            await host.kill();
            host = await startHost({ dataDir: host.dataDir, env: ENV });
          }
        }
        expect(await readJob(host.url, id)).toMatchObject({ state: 'completed' });
        expect(await results(host.url, id)).toEqual(undisturbed);
      }
      console.log(`${kills} kills in ${jobs} jobs`);
      emulators.release();
    },
    30 * 60_000,
  );
});
