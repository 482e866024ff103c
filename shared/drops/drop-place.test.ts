import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dropIdOf, dropPlaceOf, reportPathOf, rolloutIdOf } from './drop-place.ts';

const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map((text) => text.replace(/[/\\\p{C}]/gu, '_'))
  .filter((text) => !/^\.+$/.test(text));
const path = fc
  .tuple(fc.constantFrom('churn', 'a.b-c_9'), fc.array(segment, { maxLength: 4 }), segment)
  .map(([model, folders, name]) => [model, ...folders, `${name}.onnx`].join('/'));

describe('where a dropped model lies', () => {
  test('the first folder names the model; card and evaluation lie in the last one', () => {
    fc.assert(
      fc.property(path, (dropped) => {
        const { model, card, evaluation } = dropPlaceOf(dropped);
        const folder = dropped.split('/').slice(0, -1).join('/');
        expect(dropped.startsWith(`${model}/`)).toBe(true);
        expect([card, evaluation]).toEqual([`${folder}/card.json`, `${folder}/evaluation.csv`]);
        expect(reportPathOf(dropped)).toBe(`${dropped}.report.json`);
      }),
    );
  });

  test.each([
    ['model.onnx', 'expected incoming/MODEL/model.onnx'],
    ['/model.onnx', 'neither empty'],
    ['Churn/model.onnx', 'model name'],
    ['../churn/model.onnx', 'neither empty'],
    ['churn/../../artifacts/model.onnx', 'neither empty'],
    ['churn//model.onnx', 'neither empty'],
    ['churn/a\\b.onnx', 'neither empty'],
    ['stats/model.onnx', 'model name'],
    [`${'a'.repeat(129)}/model.onnx`, 'model name'],
  ])('%s names no model', (dropped, why) => {
    expect(() => dropPlaceOf(dropped)).toThrow(why);
  });

  test('no report is left where a name would mean another, or is too long', () => {
    for (const dropped of ['churn/../model.onnx', 'churn//model.onnx', './model.onnx']) {
      expect(reportPathOf(dropped)).toBeUndefined();
    }
    const longest = `churn/${'x'.repeat(1_024 - 'churn/.onnx.report.json'.length)}.onnx`;
    expect(reportPathOf(longest)).toHaveLength(1_024);
    expect(reportPathOf(`${longest.slice(0, -5)}x.onnx`)).toBeUndefined();
  });
});

describe('what names a drop', () => {
  test('is the path and the ETag, with its quotes or without', () => {
    const id = dropIdOf({ path: 'churn/model.onnx', etag: '"0x1"' });
    expect(dropIdOf({ path: 'churn/model.onnx', etag: '0x1' })).toBe(id);
    expect(dropIdOf({ path: 'churn/model.onnx', etag: '"0x2"' })).not.toBe(id);
    expect(dropIdOf({ path: 'churn/other.onnx', etag: '"0x1"' })).not.toBe(id);
    expect(rolloutIdOf(id)).toMatch(/^d[A-Za-z0-9_-]{43}$/);
  });
});
