import { describe, expect, test } from '@jest/globals';
import { NO_FACTS } from '../../test/no-facts.ts';
import { ServingError } from '../errors.ts';
import type { AliasName, Fingerprint, ModelName, Version } from '../ids.ts';
import type { Stamp } from './amend.ts';
import { bury, owePurge, settlePurge } from './deletion.ts';
import { allocate, begin, decide, MAX_VERSIONS, retire } from './lifecycle.ts';
import type { ModelRecord, Submission, Verdict } from './model-record.ts';
import { MAX_ALIASES, name, route, unname } from './traffic.ts';
import { owesPurge, pendingSince } from './unfinished.ts';

const model = 'm' as ModelName;
const v = (n: number) => n as Version;
const NOON = Date.parse('2026-01-01T12:00:00Z');
const stamp = (seconds = 0): Stamp => ({ now: NOON + seconds * 1000, who: 'somebody' });

describe('allocating', () => {
  test('the first version begins the record', () => {
    const { record, entry, created } = allocate(undefined, submissionOf('a'), stamp());
    expect(created).toBe(true);
    expect(entry).toEqual({
      version: 1,
      fingerprint: 'a',
      createdAt: '2026-01-01T12:00:00.000Z',
      state: 'pending',
    });
    expect(record).toMatchObject({ incarnation: 1, nextVersion: 2, nextEvent: 2, generation: 0 });
    expect(record?.events).toEqual([
      {
        seq: 1,
        at: '2026-01-01T12:00:00.000Z',
        who: 'somebody',
        type: 'registered',
        why: 'registered',
        figures: { version: '1', digest: 'd' },
        routing: {},
        aliases: {},
      },
    ]);
  });

  test('the same again is the same version until it is retired', () => {
    const one = registered(undefined, 'a');
    expect(allocate(one, submissionOf('a'), stamp())).toEqual({
      record: one,
      entry: one.versions[0],
      created: false,
    });
    const again = registered(retire(one, v(1), stamp()), 'a');
    expect(again.versions.map(({ version, state }) => [version, state])).toEqual([
      [1, 'retired'],
      [2, 'pending'],
    ]);
  });

  test('a submission of an earlier life gets no version, and its artifacts are owed removal', () => {
    const buried = settlePurge(bury(registered(undefined, 'a'), false, stamp()), 1);
    const { record, entry } = allocate(buried, submissionOf('b', 1), stamp());
    expect(entry).toBeUndefined();
    expect(record).toEqual({ ...buried, purges: [1] });
    expect(allocate(undefined, submissionOf('b', 2), stamp())).toEqual({
      record: undefined,
      created: false,
    });
  });

  test('the last version that a record has room for is the last', () => {
    const almost = registered(undefined, 'a');
    const [entry] = almost.versions;
    if (!entry) throw new Error('no entry');
    const full: ModelRecord = {
      ...almost,
      versions: Array.from({ length: MAX_VERSIONS }, (_, n) => ({ ...entry, version: v(n + 1) })),
    };
    expect(failureOf(() => allocate(full, submissionOf('b'), stamp()))).toMatch(
      /^conflict: model m has 5000 versions/,
    );
    expect(allocate(full, submissionOf('a'), stamp()).created).toBe(false);
  });
});

describe('deciding', () => {
  test('the first ready version takes production in the same step', () => {
    const record = decide(begin(registered(undefined, 'a'), v(1)), verdictOf(1), stamp(5));
    expect(record.versions[0]?.state).toBe('ready');
    expect(record.routing).toEqual({ production: 1 });
    expect(record.generation).toBe(1);
    expect(record.events.map(({ seq, type, routing }) => [seq, type, routing])).toEqual([
      [2, 'ready', {}],
      [3, 'routed', { production: 1 }],
    ]);
  });

  test('a later one takes nothing', () => {
    const record = ready(2);
    expect(record.routing).toEqual({ production: 1 });
    expect(record.generation).toBe(1);
    expect(record.events.map(({ type }) => type)).toEqual(['ready']);
  });

  test('a rejected one says why', () => {
    const verdict: Verdict = {
      ...verdictOf(1),
      outcome: { kind: 'rejected', reasons: ['too odd', 'x'.repeat(2000)] },
    };
    const record = decide(registered(undefined, 'a'), verdict, stamp());
    expect(record.versions[0]?.state).toBe('rejected');
    expect(record.events[0]?.why).toMatch(/^too odd; x+$/);
    expect(record.events[0]?.why).toHaveLength(500);
    expect(record.routing).toEqual({});
  });

  test('what is decided stays, what is unknown is left', () => {
    const record = ready(1);
    const rejected: Verdict = { ...verdictOf(1), outcome: { kind: 'rejected', reasons: [] } };
    expect(decide(record, rejected, stamp())).toBe(record);
    expect(decide(record, verdictOf(9), stamp())).toBe(record);
    expect(begin(record, v(1))).toBe(record);
    expect(begin(record, v(9))).toBe(record);
  });

  test('beginning keeps the events that nobody copied out', () => {
    const before = registered(undefined, 'a');
    const after = begin(before, v(1));
    expect(after.versions[0]?.state).toBe('validating');
    expect(after.events).toBe(before.events);
  });
});

describe('retiring', () => {
  test.each<[string, (record: ModelRecord) => ModelRecord, RegExp]>([
    ['production', (r) => route(r, { production: v(2) }, stamp()), /it is production\./],
    [
      'candidate',
      (r) => route(r, { production: v(1), candidate: { version: v(2), percent: 0 } }, stamp()),
      /it is candidate\./,
    ],
    [
      'shadow',
      (r) => route(r, { production: v(1), shadow: { version: v(2), percent: 5 } }, stamp()),
      /it is shadow\./,
    ],
    ['alias', (r) => name(r, { alias: 'x' as AliasName, version: v(2) }, stamp()), /aliased as x/],
  ])('is refused while it is %s', (_, use, text) => {
    const used = use(ready(2));
    expect(failureOf(() => retire(used, v(2), stamp()))).toMatch(text);
  });

  test('is final, and again is no change', () => {
    const record = retire(ready(2), v(2), stamp(9));
    expect(record.versions[1]).toMatchObject({
      state: 'retired',
      retiredAt: '2026-01-01T12:00:09.000Z',
    });
    expect(retire(record, v(2), stamp())).toBe(record);
    expect(failureOf(() => route(record, { production: v(2) }, stamp()))).toMatch(
      /^conflict: version 2 of model m is retired/,
    );
  });
});

describe('routing and naming', () => {
  test('replace as a whole; the same again is no change', () => {
    const routing = { production: v(2), candidate: { version: v(1), percent: 12.5 } };
    const record = route(ready(2), routing, stamp());
    expect(record.routing).toEqual(routing);
    expect(record.generation).toBe(2);
    expect(record.events[0]?.figures).toEqual({
      production: '2',
      candidate: '1',
      candidatePercent: 12.5,
    });
    expect(route(record, { ...routing }, stamp())).toBe(record);
    expect(route(record, { production: v(2) }, stamp()).routing).toEqual({ production: 2 });
  });

  test.each([
    [{ production: v(9) }, /version 9 of model m is unknown; only a ready version/],
    [{ production: v(3) }, /version 3 of model m is pending/],
    [{ production: v(1), candidate: { version: v(1), percent: 5 } }, /must be different versions/],
    [
      {
        production: v(1),
        candidate: { version: v(2), percent: 5 },
        shadow: { version: v(2), percent: 5 },
      },
      /must be different versions, got 1, 2, 2/,
    ],
    [{ production: v(1), candidate: { version: v(2), percent: 100.1 } }, /got 100.1/],
    [{ production: v(1), shadow: { version: v(2), percent: -1 } }, /from 0 to 100, got -1/],
    [{ production: v(1), candidate: { version: v(2), percent: Number.NaN } }, /got NaN/],
  ])('%j conflicts', (routing, text) => {
    const record = registered(ready(2), 'pending');
    const failure = failureOf(() => route(record, routing, stamp()));
    expect(failure).toMatch(/^conflict/);
    expect(failure).toMatch(text);
  });

  test('an alias moves, and goes; names of object members are aliases like others', () => {
    const alias = 'constructor' as AliasName;
    const named = name(ready(2), { alias, version: v(1) }, stamp());
    expect(named.aliases).toEqual({ constructor: 1 });
    expect(named.events[0]?.why).toBe('a new alias');
    expect(name(named, { alias, version: v(1) }, stamp())).toBe(named);
    const moved = name(named, { alias, version: v(2) }, stamp());
    expect(moved.events[0]).toMatchObject({ type: 'aliased', why: 'named version 1 before' });
    const gone = unname(moved, alias, stamp());
    expect(Object.keys(gone.aliases)).toEqual([]);
    expect(gone.generation).toBe(4);
    expect(failureOf(() => unname(gone, alias, stamp()))).toMatch(/^notFound: .* no alias/);
  });

  test('there are only so many aliases, but they go on moving', () => {
    let record = ready(2);
    for (let n = 0; n < MAX_ALIASES; n++) {
      record = name(record, { alias: `a${n}` as AliasName, version: v(1) }, stamp());
    }
    const more = { alias: 'more' as AliasName, version: v(1) };
    expect(failureOf(() => name(record, more, stamp()))).toMatch(/^conflict: .* 100 aliases/);
    const moved = name(record, { alias: 'a0' as AliasName, version: v(2) }, stamp());
    expect(moved.aliases['a0' as AliasName]).toBe(2);
  });
});

describe('deleting', () => {
  test('is refused while something is routed, unless forced', () => {
    expect(failureOf(() => bury(ready(1), false, stamp()))).toMatch(/^conflict: .*\?force=true/);
    const named = name(ready(2), { alias: 'x' as AliasName, version: v(1) }, stamp());
    const tombstone = bury(named, true, stamp(7));
    expect(tombstone).toMatchObject({
      deleted: { at: '2026-01-01T12:00:07.000Z' },
      incarnation: 2,
      purges: [1],
      routing: {},
      aliases: {},
      versions: [],
      nextVersion: 3,
      generation: named.generation + 1,
    });
    expect(bury(tombstone, false, stamp())).toBe(tombstone);
  });

  test('the next life goes on where the counters were', () => {
    const tombstone = bury(ready(2), true, stamp());
    const { record, entry } = allocate(tombstone, submissionOf('a', 2), stamp());
    expect(entry?.version).toBe(3);
    expect(record).toMatchObject({ incarnation: 2, purges: [1], nextEvent: 8 });
    expect(record).not.toHaveProperty('deleted');
    expect(record?.events[0]?.seq).toBe(tombstone.nextEvent);
  });

  test('what is owed is owed once, and only for earlier lives', () => {
    const tombstone = bury(ready(1), true, stamp());
    expect(owePurge(tombstone, 1)).toBe(tombstone);
    expect(owePurge(tombstone, 2)).toBe(tombstone);
    const settled = settlePurge(tombstone, 1);
    expect(owesPurge(tombstone)).toBe(true);
    expect(owesPurge(settled)).toBe(false);
    expect(settlePurge(settled, 1)).toBe(settled);
  });
});

test('what is pending waits since its oldest undecided version', () => {
  const late = allocate(ready(1), submissionOf('late'), stamp(10)).record;
  const early = allocate(late, submissionOf('early'), stamp(-10)).record;
  expect(early && pendingSince(early)).toBe(NOON - 10_000);
  expect(pendingSince(ready(1))).toBeUndefined();
});

test('a history doesn’t go back, whatever a clock says', () => {
  const record = retire(ready(2), v(2), stamp(100));
  const later = name(record, { alias: 'x' as AliasName, version: v(1) }, stamp(-100));
  expect(later.events[0]?.at).toBe(record.events[0]?.at);
});

function registered(record: ModelRecord | undefined, fingerprint: string): ModelRecord {
  const after = allocate(record, submissionOf(fingerprint, record?.incarnation), stamp()).record;
  if (!after) throw new Error('nothing was allocated');
  return after;
}

/** A model with this many ready versions, the first of them in production. */
function ready(count: number): ModelRecord {
  let record: ModelRecord | undefined;
  for (let n = 1; n <= count; n++) {
    record = decide(registered(record, `f${n}`), verdictOf(n), stamp());
  }
  if (!record) throw new Error('expected at least one version');
  return record;
}

function submissionOf(fingerprint: string, incarnation = 1): Submission {
  return {
    model,
    incarnation,
    fingerprint: fingerprint as Fingerprint,
    digest: 'd' as Submission['digest'],
    bytes: 1,
    card: {},
  };
}

function verdictOf(version: number): Verdict {
  const { digest, bytes, card } = submissionOf('');
  return {
    model,
    incarnation: 1,
    version: v(version),
    decidedAt: '2026-01-01T00:00:00.000Z',
    digest,
    bytes,
    card,
    outcome: {
      kind: 'ready',
      signature: { inputs: [], outputs: [] },
      facts: NO_FACTS,
      warnings: [],
      loadMs: 1,
    },
  };
}

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ServingError) return `${error.failure.kind}: ${error.message}`;
    throw error;
  }
  throw new Error('expected a failure');
}
