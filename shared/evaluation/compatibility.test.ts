import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { DATATYPES, type TensorSpec } from '../protocol/tensor.ts';
import { compatibilityOf, type Promised } from './compatibility.ts';

const IMAGE: TensorSpec = { name: 'image', datatype: 'FP32', shape: [-1, 1, 8, 8] };
const LABEL: TensorSpec = { name: 'label', datatype: 'INT64', shape: [-1] };
const SCORES: TensorSpec = { name: 'scores', datatype: 'FP32', shape: [-1, 10] };

function promised(
  inputs: readonly TensorSpec[] = [IMAGE],
  outputs: readonly TensorSpec[] = [LABEL, SCORES],
  card: Promised['card'] = {},
): Promised {
  return { signature: { inputs, outputs }, card };
}

const EXTRA: TensorSpec = { name: 'extra', datatype: 'FP32', shape: [-1] };
const shaped = (spec: TensorSpec, shape: TensorSpec['shape']): TensorSpec => ({ ...spec, shape });

test.each<[string, Promised, 'same' | 'extended' | 'breaking', string[]]>([
  ['nothing', promised(), 'same', []],
  [
    'an input more',
    promised([IMAGE, EXTRA]),
    'breaking',
    ["input `extra`: is new; calls that don't send it are refused"],
  ],
  [
    'another name of an input',
    promised([{ ...IMAGE, name: 'picture' }]),
    'breaking',
    [
      'input `image`: is gone; calls that send it are refused',
      "input `picture`: is new; calls that don't send it are refused",
    ],
  ],
  [
    'another datatype of an input',
    promised([{ ...IMAGE, datatype: 'UINT8' }]),
    'breaking',
    ['input `image`: was FP32 [-1,1,8,8], is UINT8 [-1,1,8,8]'],
  ],
  [
    'a fixed batch',
    promised([shaped(IMAGE, [1, 1, 8, 8])]),
    'breaking',
    ['input `image`: was FP32 [-1,1,8,8], is FP32 [1,1,8,8]'],
  ],
  [
    'another size',
    promised([shaped(IMAGE, [-1, 1, 9, 8])]),
    'breaking',
    ['input `image`: was FP32 [-1,1,8,8], is FP32 [-1,1,9,8]'],
  ],
  [
    'any width',
    promised([shaped(IMAGE, [-1, 1, 8, -1])]),
    'extended',
    ['input `image`: was FP32 [-1,1,8,8], is FP32 [-1,1,8,-1]'],
  ],
  [
    'another rank',
    promised([shaped(IMAGE, [-1, 64])]),
    'breaking',
    ['input `image`: was FP32 [-1,1,8,8], is FP32 [-1,64]'],
  ],
  ['an unknown rank', promised([shaped(IMAGE, undefined)]), 'same', []],
  ['an output less', promised([IMAGE], [LABEL]), 'breaking', ['output `scores`: is gone']],
  [
    'an output more',
    promised([IMAGE], [LABEL, SCORES, EXTRA]),
    'extended',
    ['output `extra`: is new'],
  ],
  [
    'another datatype of an output',
    promised([IMAGE], [{ ...LABEL, datatype: 'BYTES' }, SCORES]),
    'breaking',
    ['output `label`: was INT64 [-1], is BYTES [-1]'],
  ],
  [
    'more scores',
    promised([IMAGE], [LABEL, shaped(SCORES, [-1, 11])]),
    'breaking',
    ['output `scores`: was FP32 [-1,10], is FP32 [-1,11]'],
  ],
  [
    'a number of scores that is told no more',
    promised([IMAGE], [LABEL, shaped(SCORES, [-1, -1])]),
    'extended',
    ['output `scores`: was FP32 [-1,10], is FP32 [-1,-1]'],
  ],
  [
    'a batch size of outputs that is told now',
    promised([IMAGE], [shaped(LABEL, [1]), SCORES]),
    'same',
    [],
  ],
  ['another order', promised([IMAGE], [SCORES, LABEL]), 'same', []],
])('%s', (_, version, kind, changes) => {
  expect(compatibilityOf(promised(), version)).toEqual({ kind, changes });
});

test.each<[string, Promised['card'], Promised['card'], string[]]>([
  ['the same labels', { labels: ['a', 'b'] }, { labels: ['a', 'b'] }, []],
  ['labels that are told now', {}, { labels: ['a', 'b'] }, []],
  [
    'labels in another order',
    { labels: ['a', 'b'] },
    { labels: ['b', 'a'] },
    ['labels: 0 meant `a`, means `b`'],
  ],
  [
    'a label more',
    { labels: ['a', 'b'] },
    { labels: ['a', 'b', 'c'] },
    ['labels: 2 meant nothing, means `c`'],
  ],
  [
    'another task',
    { task: 'classification' },
    { task: 'regression' },
    ['task: was classification, is regression'],
  ],
])('%s', (_, before, after, changes) => {
  const found = compatibilityOf(
    promised(undefined, undefined, before),
    promised(undefined, undefined, after),
  );
  expect(found).toEqual({ kind: changes.length === 0 ? 'same' : 'breaking', changes });
});

const spec = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  datatype: fc.constantFrom(...DATATYPES.slice(0, 2)),
  shape: fc.option(fc.array(fc.constantFrom(-1, 1, 2), { maxLength: 2 }), { nil: undefined }),
});
const specs = fc.uniqueArray(spec, { selector: ({ name }) => name, maxLength: 3 });
const side = fc.tuple(specs, specs).map(([inputs, outputs]) => promised(inputs, outputs));

test('every version can take its own place', () => {
  fc.assert(
    fc.property(side, (one) => {
      expect(compatibilityOf(one, one)).toEqual({ kind: 'same', changes: [] });
    }),
  );
});

test('going there and back breaks somebody, unless the inputs are the same', () => {
  fc.assert(
    fc.property(side, side, (one, other) => {
      const names = ({ signature }: Promised) => signature.inputs.map(({ name }) => name).sort();
      fc.pre(names(one).join() !== names(other).join());
      expect(compatibilityOf(one, other).kind).toBe('breaking');
      expect(compatibilityOf(other, one).kind).toBe('breaking');
    }),
  );
});

test('what is the same has no changes, and what is not names them', () => {
  fc.assert(
    fc.property(side, side, (one, other) => {
      const { kind, changes } = compatibilityOf(one, other);
      expect(changes.length === 0).toBe(kind === 'same');
    }),
  );
});
