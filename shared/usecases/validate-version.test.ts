import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryApp, FINE, type MemoryApp } from '../../test/memory-app.ts';
import { ServingError } from '../errors.ts';
import { assessQuality } from '../evaluation/assess-quality.ts';
import type { Measurements } from '../evaluation/assessment.ts';
import type { Quality } from '../evaluation/quality.ts';
import type { ModelName, Version } from '../ids.ts';
import type { Inspection, InspectionSubject } from '../ports/inspection.ts';
import type { Card } from '../registry/card.ts';
import { readReport } from './read-report.ts';
import { type Content, registerModel } from './register-model.ts';
import { validateVersion } from './validate-version.ts';
import { readVersion } from './version-lifecycle.ts';

const model = 'churn' as ModelName;
let app: MemoryApp;
/** What each examination was asked. */
let asked: (InspectionSubject & { rows?: string | undefined })[] = [];

beforeEach(async () => {
  app = await createMemoryApp();
  asked = [];
});
afterEach(() => app.close());

let contents = 0;
async function content(text: string): Promise<Content> {
  const file = await app.spool.write(
    (async function* () {
      yield await Promise.resolve(Buffer.from(text));
    })(),
    { what: 'test', maxBytes: 1e6 },
  );
  return { kind: 'file', file };
}

/** Registers a version whose examination finds `measured`, and decides it. */
async function version(
  measured: Partial<Measurements> | undefined,
  {
    card = {},
    evaluation,
    inspection = FINE,
    modelFiles = app.modelFiles,
  }: {
    card?: Card;
    evaluation?: string;
    inspection?: Inspection;
    modelFiles?: MemoryApp['modelFiles'];
  } = {},
): Promise<Version> {
  const { entry } = await registerModel(app, {
    model,
    content: await content(`model ${(contents += 1)}`),
    card,
    ...(evaluation !== undefined && { evaluation: await content(evaluation) }),
    who: 'a test',
  });
  const measurements: Measurements = {
    robustness: { probes: [] },
    cost: { bytes: 10, loadMs: 1, memoryBytes: 100, alone: { p50: 1, p95: 2, p99: 3 } },
    ...measured,
  };
  const inspector = {
    inspect: async (subject: InspectionSubject): Promise<Inspection> => {
      const rows = subject.evaluation && (await readFile(subject.evaluation, 'utf8'));
      asked.push({ ...subject, ...(rows && { rows }) });
      return inspection.ok && measured ? { ...inspection, measurements } : inspection;
    },
  };
  for (const message of app.messages.registrations.splice(0)) {
    await validateVersion({ ...app, inspector, modelFiles }, message);
  }
  return entry.version;
}

async function verdictOn(version: Version) {
  const view = await readVersion(app, model, version);
  if (!view?.verdict) throw new Error(`version ${version} is undecided`);
  return { view, ...view.verdict };
}

/** Figures of a classifier that has `right` of `rows` rows. */
function quality(rows: number, right: number): Quality {
  const truth = Int32Array.from({ length: rows }, (_, row) => row % 2);
  return assessQuality({
    task: 'classification',
    classes: ['no', 'yes'],
    truth,
    version: { labels: truth.map((label, row) => (row < right ? label : 1 - label)) },
    slices: [],
    lines: Int32Array.from({ length: rows }, (_, row) => row + 2),
    seed: 1,
  });
}

const CSV = 'a,label\n1,no\n';

function fine(): Extract<Inspection, { ok: true }> {
  if (!FINE.ok) throw new Error('FINE is not');
  return FINE;
}

describe('a version is decided by its gates', () => {
  test('ready, with the whole report kept and its gates in the verdict', async () => {
    const found = await verdictOn(
      await version({ quality: quality(200, 190) }, { evaluation: CSV }),
    );
    expect(found.outcome.kind).toBe('ready');
    expect(found.assessment?.holds).toBeUndefined();
    const report = await readReport(app, found.view);
    expect(report?.quality?.rows).toBe(200);
    expect(report?.gates).toEqual(found.assessment?.gates);
    expect(report?.evaluation).toEqual(found.view.submission.evaluation);
    expect(report).not.toHaveProperty('compatibility');
  });

  test('rejected, with the figure, the bound and the rows to look at', async () => {
    const found = await verdictOn(
      await version({ quality: quality(200, 100) }, { evaluation: CSV }),
    );
    expect(found.outcome).toMatchObject({
      kind: 'rejected',
      reasons: [
        expect.stringMatching(
          /^betterThanChance: .*0\.5.*look at lines .* of the evaluation file$/,
        ),
      ],
      facts: FINE.facts,
    });
    expect((await readReport(app, found.view))?.quality?.rows).toBe(200);
  });

  test('with few rows it is ready, and a rollout of its own waits', async () => {
    const found = await verdictOn(await version({ quality: quality(40, 10) }, { evaluation: CSV }));
    expect(found.outcome.kind).toBe('ready');
    expect(found.assessment?.holds).toMatch(/40.*100/);
  });

  test('a crash rejects where there is an evaluation file, else it is only told', async () => {
    const crashed: Partial<Measurements> = {
      robustness: { probes: [{ probe: 'extremes', outcome: 'crashed', why: 'SIGFPE' }] },
    };
    const without = await verdictOn(await version(crashed));
    expect(without.outcome.kind).toBe('ready');
    expect(without.assessment?.holds).toMatch(/SIGFPE.*with an evaluation file this would reject/);
    const beside = await verdictOn(await version(crashed, { evaluation: CSV }));
    expect(beside.outcome).toMatchObject({
      kind: 'rejected',
      reasons: [expect.stringMatching(/^noCrash: .*extremes \(SIGFPE\)/)],
    });
  });

  test('a budget of the card counts without any evaluation file', async () => {
    const found = await verdictOn(await version({}, { card: { budgets: { p95Ms: 1 } } }));
    expect(found.outcome).toMatchObject({
      kind: 'rejected',
      reasons: [expect.stringMatching(/^p95Ms: .*2 ms.*1 ms/)],
    });
  });

  test('what was refused before it could be measured has no report', async () => {
    const refused: Inspection = { ok: false, reasons: ['no model'] };
    const found = await verdictOn(await version(undefined, { inspection: refused }));
    expect(found.outcome).toEqual({ kind: 'rejected', reasons: ['no model'] });
    expect(found.assessment).toBeUndefined();
    expect(await readReport(app, found.view)).toBeUndefined();
  });

  test('the same findings are the same file', async () => {
    const one = await verdictOn(await version({ quality: quality(150, 140) }));
    const other = await verdictOn(await version({ quality: quality(150, 140) }));
    // The second one has production beside it.
    expect(other.assessment?.digest).not.toBe(one.assessment?.digest);
    const third = await verdictOn(await version({ quality: quality(150, 140) }));
    expect(third.assessment?.digest).toBe(other.assessment?.digest);
  });
});

describe('beside production', () => {
  test('its file, signature and card are brought, and its evaluation file is lent on and on', async () => {
    await version({}, { evaluation: CSV, card: { labels: ['no', 'yes'], label: 'is' } });
    const second = await version({}, { card: { description: 'again' } });
    expect(asked[1]).toMatchObject({
      // As it counts: with what it leaves out taken from production's.
      card: { labels: ['no', 'yes'], label: 'is', description: 'again' },
      rows: CSV,
      production: { signature: { inputs: fine().signature.inputs }, batchRows: 1 },
    });
    expect(asked[1]?.production?.card).toMatchObject({ label: 'is' });
    const { assessment } = await verdictOn(second);
    expect(assessment?.evaluation).toMatchObject({ from: 1 });
    expect(assessment?.compatibility).toEqual({
      version: 1,
      found: { kind: 'same', changes: [] },
    });

    const stored = await app.registry.readModel(model);
    if (!stored) throw new Error('the model');
    await app.registry.replaceModel(
      { ...stored.value, routing: { production: second } },
      stored.etag,
    );
    const third = await verdictOn(await version({}));
    expect(third.assessment?.evaluation).toEqual(assessment?.evaluation);
    expect(asked[2]?.rows).toBe(CSV);
  });

  test('its own evaluation file goes before production’s', async () => {
    await version({}, { evaluation: CSV });
    const own = await verdictOn(await version({}, { evaluation: `${CSV}2,yes\n` }));
    expect(asked[1]?.rows).toBe(`${CSV}2,yes\n`);
    expect(own.assessment?.evaluation).not.toHaveProperty('from');
  });

  test('a breaking change is told, and the version is ready all the same', async () => {
    await version({});
    const other: Inspection = {
      ...fine(),
      signature: { ...fine().signature, inputs: [{ name: 'z', datatype: 'FP32', shape: [-1, 4] }] },
    };
    const found = await verdictOn(await version({}, { inspection: other }));
    expect(found.outcome.kind).toBe('ready');
    expect(found.assessment?.compatibility?.found).toMatchObject({
      kind: 'breaking',
      changes: [expect.stringMatching(/`x`.*gone/), expect.stringMatching(/`z`.*new/)],
    });
  });

  test('production whose file is gone is left out, with a warning', async () => {
    const first = await version({}, { evaluation: CSV });
    const { digest } = (await verdictOn(first)).view.submission;
    const modelFiles: MemoryApp['modelFiles'] = {
      open: async (ref, bytes) => {
        if (ref.digest !== digest) return await app.modelFiles.open(ref, bytes);
        throw new ServingError({ kind: 'damaged', detail: 'its file is spoilt' });
      },
    };
    const found = await verdictOn(await version({}, { modelFiles }));
    expect(found.outcome).toMatchObject({
      kind: 'ready',
      warnings: [...fine().warnings, expect.stringMatching(/no comparison.*its file is spoilt/)],
    });
    expect(asked[1]).not.toHaveProperty('production');
  });
});

test('every file that was opened is let go, whatever happens', async () => {
  const held = new Set<string>();
  const modelFiles: MemoryApp['modelFiles'] = {
    async open(ref, bytes) {
      const file = await app.modelFiles.open(ref, bytes);
      held.add(file.path);
      return {
        ...file,
        stream: (start, end) => file.stream(start, end),
        release: () => {
          held.delete(file.path);
          file.release();
        },
      };
    },
  };
  await version({}, { evaluation: CSV });
  await registerModel(app, { model, content: await content('another'), card: {}, who: 'a test' });
  const [message] = app.messages.registrations.splice(0);
  if (!message) throw new Error('a message');
  let most = 0;
  const inspector = {
    inspect: () => {
      most = held.size;
      return Promise.reject(new Error('no process can be started'));
    },
  };
  await expect(validateVersion({ ...app, modelFiles, inspector }, message)).rejects.toThrow(
    'no process',
  );
  expect(most).toBe(3);
  expect(held.size).toBe(0);
});
