import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

const SAMPLES = 'test/fixtures/churn-test.csv';
const ROWS_AT_ONCE = 10_000;

/** The sample's header with an id in front, and its rows. */
export async function churnSamples(): Promise<{ header: string; rows: string[] }> {
  const [header = '', ...rows] = (await readFile(SAMPLES, 'utf8')).trim().split('\n');
  return { header: `id,${header}`, rows };
}

/** Writes a file of `count` rows: the samples over and over, each with an id of its own. */
export async function writeChurnFile(path: string, count: number): Promise<void> {
  const { header, rows } = await churnSamples();
  const file = createWriteStream(path);
  file.write(`${header}\n`);
  for (let from = 0; from < count; from += ROWS_AT_ONCE) {
    const lines: string[] = [];
    for (let id = from; id < Math.min(count, from + ROWS_AT_ONCE); id++) {
      lines.push(`${id},${rows[id % rows.length] ?? ''}\n`);
    }
    if (!file.write(lines.join(''))) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
}
