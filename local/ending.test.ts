import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { App } from '../shared/compose.ts';
import { Ending } from './ending.ts';
import { LineWriter } from './line-writer.ts';

const never = new Promise<never>(() => undefined);

let ends: string[];
let said: string;
beforeEach(() => {
  jest.useFakeTimers();
  ends = [];
  said = '';
  jest.spyOn(process, 'exit').mockImplementation((code) => {
    ends.push(`exit ${code ?? ''}`);
    return undefined as never;
  });
  jest.spyOn(process, 'kill').mockImplementation((_pid, signal) => {
    ends.push(`kill ${signal ?? ''}`);
    return true;
  });
  // Signals are for real processes to be sent: here only the engine is watched.
  jest.spyOn(process, 'on').mockImplementation(() => process);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function ending(parts: {
  stop?: () => Promise<boolean>;
  close?: () => Promise<void>;
  ailments?: () => readonly string[];
}): Ending {
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      said += chunk.toString();
      done();
    },
  });
  return new Ending({
    host: { port: 1, stop: parts.stop ?? (() => Promise.resolve(true)) },
    app: {
      close: parts.close ?? (() => Promise.resolve()),
      engine: { ailments: parts.ailments ?? (() => []) },
    } as unknown as App,
    lines: new LineWriter(to),
    release: () => ends.push('release'),
  });
}

test('in order: drained, closed, given back, ended', async () => {
  await ending({}).end(0, 'why');
  expect(ends).toEqual(['release', 'exit 0']);
  expect(said).toBe('why\n');
});

test('once, whoever asks again', async () => {
  const it = ending({});
  await Promise.all([it.end(1, 'first'), it.end(0, 'second')]);
  expect(ends).toEqual(['release', 'exit 1']);
});

test('by a signal when work does not end: an exit would abort', async () => {
  await ending({ stop: () => Promise.resolve(false) }).end(0, 'why');
  expect(ends).toEqual(['kill SIGKILL']);
});

test('by a signal when the app does not close in time', async () => {
  const ended = ending({ close: () => never }).end(0, 'why');
  await jest.advanceTimersByTimeAsync(6_000);
  await ended;
  expect(ends).toEqual(['kill SIGKILL']);
});

test('when the engine ails for long, and only then', async () => {
  let ailments: readonly string[] = ['a run never ends'];
  ending({ ailments: () => ailments }).watch();
  await jest.advanceTimersByTimeAsync(8_000);
  ailments = [];
  await jest.advanceTimersByTimeAsync(8_000);
  expect(ends).toEqual([]);
  ailments = ['a run never ends'];
  await jest.advanceTimersByTimeAsync(12_000);
  expect(ends).toEqual(['release', 'exit 1']);
  expect(said).toMatch(/^error: a run never ends/);
});
