import { expect, test } from '@jest/globals';
import { type ClassCell, classesOf, classFinder } from './classes.ts';

test('classes are the distinct values, numbers by size and before words', () => {
  expect(classesOf(['10', '9', '2.5', 'b', 'a', '9', ' 9', '9.0'])).toEqual([
    '2.5',
    '9',
    '10',
    'a',
    'b',
  ]);
  expect(classesOf([3n, 1n, 3n])).toEqual(['1', '3']);
});

test.each<[string[], ClassCell, number]>([
  [['no', 'yes'], 'yes', 1],
  [['no', 'yes'], ' yes ', 1],
  [['no', 'yes'], 1, 1],
  [['no', 'yes'], 1n, 1],
  [['no', 'yes'], '1', 1],
  [['no', 'yes'], '1.0', 1],
  [['no', 'yes'], true, 1],
  [['no', 'yes'], 2, -1],
  [['no', 'yes'], 0.5, -1],
  [['no', 'yes'], -1, -1],
  [['no', 'yes'], 'Yes', -1],
  [['no', 'yes'], '', -1],
  // Numbers as classes mean themselves, never an index.
  [['2', '3', '4'], 3n, 1],
  [['2', '3', '4'], 0, -1],
  [['1', '0'], '0', 1],
  [['0', '1', 'other'], 2, -1],
  [['9007199254740993'], 9007199254740993n, 0],
  [['9007199254740993'], 9007199254740992n, -1],
])('of %j, %p is %d', (classes, cell, index) => {
  expect(classFinder(classes)(cell)).toBe(index);
});

test('every value is found among the classes made of it', () => {
  const cells = ['b', '1', '1.5', 'a', ' 7 ', '-2', '1e3'];
  const classes = classesOf(cells);
  const found = cells.map(classFinder(classes));
  expect(new Set(found).size).toBe(cells.length);
  expect(found).not.toContain(-1);
});
