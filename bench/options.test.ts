import { describe, expect, test } from '@jest/globals';
import { parseOptions } from './options.ts';

describe('options', () => {
  test('measure everything, in five rounds, unless told otherwise', () => {
    expect(parseOptions([])).toMatchObject({
      workloads: ['mlp', 'tree', 'cnn', 'text16', 'text128'],
      parts: ['start', 'memory', 'swap', 'neighbour', 'telemetry'],
      rounds: 5,
      svg: false,
      compare: undefined,
    });
  });

  test('--only takes workloads and parts', () => {
    expect(parseOptions(['--only', 'start,cnn'])).toMatchObject({
      workloads: ['cnn'],
      parts: ['start'],
    });
    expect(() => parseOptions(['--only', 'cnn,text'])).toThrow('got "text"');
  });

  test('--quick is shorter in everything', () => {
    const full = parseOptions([]);
    const quick = parseOptions(['--quick']);
    for (const name of ['rounds', 'sliceMs', 'repetitions', 'cycles'] as const) {
      expect(quick?.[name]).toBeLessThan(full?.[name] ?? 0);
    }
  });

  test('--help asks for nothing else, and what is unknown is refused', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
    expect(() => parseOptions(['--fast'])).toThrow('--fast');
  });
});
