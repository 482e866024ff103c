import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseRows, evenly, openEvaluation, type Reader } from './evaluation-rows.ts';

const reader: Reader = {
  signature: {
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  },
  card: { slices: ['plan', 'plan', 'absent'] },
  batchRows: 8,
};
const open = (text: string, of = reader) => openEvaluation(Buffer.from(text), of);

test('rows that are chosen lie evenly, in order, none twice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 }), (a, b) => {
      const total = Math.max(a, b);
      const count = Math.min(a, b);
      const chosen = [...evenly(total, count)];
      expect(chosen).toHaveLength(count);
      expect(chosen[0]).toBe(0);
      const gaps = chosen.map((row, at) => (chosen[at + 1] ?? total) - row);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(Math.floor(total / count));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.ceil(total / count) + 1);
    }),
  );
});

test('labels, slices and lines are those of the rows, past quoted line breaks and empty lines', () => {
  const file = open(
    '\ufeffplan,a,b,label\n"big\nplan",1,2,yes\n\nsmall,3,4,"no, ""never"""\nlast,5,6,no\n',
  );
  expect([file.inFile, file.aside]).toEqual([3, { label: 'label', slices: ['plan'] }]);
  const rows = chooseRows(file, reader, 100_000);
  expect(rows.labels).toEqual(['yes', 'no, "never"', 'no']);
  expect(rows.slices).toEqual([{ column: 'plan', values: ['big\nplan', 'small', 'last'] }]);
  expect([...rows.lines]).toEqual([2, 5, 6]);
  expect(file.firstInputs(reader)?.[0]?.data).toEqual(Float32Array.of(1, 2));
});

test('a few of many rows', () => {
  const text = Array.from({ length: 1_000 }, (_, row) => `p,${row},0,${row}`).join('\n');
  const rows = chooseRows(open(`plan,a,b,label\n${text}`), reader, 4);
  expect(rows.labels).toEqual(['0', '250', '500', '750']);
  expect([...rows.lines]).toEqual([2, 252, 502, 752]);
});

test('a row that can’t be read has no label; the first that can gives inputs', () => {
  const file = open('a,b,label\n1,2\nx,2,yes\n3,4,no\n');
  expect(chooseRows(file, reader, 10).labels).toEqual([undefined, 'yes', 'no']);
  expect(file.firstInputs(reader)?.[0]?.data).toEqual(Float32Array.of(3, 4));
});

test('a column of the card’s is the label; without it there are none', () => {
  const card = { label: 'is' };
  expect(chooseRows(open('a,b,is\n1,2,3\n', { ...reader, card }), reader, 1).labels).toEqual(['3']);
  expect(chooseRows(open('a,b\n1,2\n'), reader, 1).labels).toEqual([]);
});
