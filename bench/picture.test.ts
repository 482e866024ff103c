import { describe, expect, test } from '@jest/globals';
import { picture } from './picture.ts';
import { arm, noResults } from './sample-results.ts';

const drawn = picture({
  ...noResults(),
  throughput: [
    arm({ perSecond: [300, 100, 200] }),
    arm({ subject: 'bare', encoding: undefined, perSecond: [400, 400, 400] }),
    arm({ clients: 64, perSecond: [999_999] }),
    arm({ subject: 'abc1234', perSecond: [888_888] }),
  ],
});

describe('the picture', () => {
  test('has a bar for each arm at 8 clients, as long as its median', () => {
    const bars = [...drawn.matchAll(/<rect x="170" y="(\d+)" width="(\d+)"/g)];
    const lengths = bars.map(([, , length]) => Number(length));
    expect(lengths).toHaveLength(2);
    expect(lengths[1]).toBe((lengths[0] ?? 0) / 2);
    expect(drawn).toContain('>400</text>');
    expect(drawn).toContain('>200</text>');
    expect(drawn).not.toContain('999999');
    expect(drawn).not.toContain('888888');
  });

  test('has a panel for each workload that was measured', () => {
    expect(drawn).toContain('MobileNetV2');
    expect(drawn).not.toContain('MiniLM');
  });

  test('is well-formed whatever the machine calls itself, and tells the versions', () => {
    expect(drawn).toContain('Some &lt;CPU&gt; &amp; more, 2 vCPU, Node 20.0.0, onnxruntime 1.30.0');
    const opened = [...drawn.matchAll(/<(svg|text|rect)\b[^>]*[^/]>/g)].length;
    const closed = [...drawn.matchAll(/<\/(svg|text|rect)>/g)].length;
    expect(opened).toBe(closed);
    expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('keeps everything within its frame', () => {
    const [, width = '', height = ''] = /viewBox="0 0 (\d+) (\d+)"/.exec(drawn) ?? [];
    for (const [, x, y] of drawn.matchAll(/ x="(\d+)" y="(\d+)"/g)) {
      expect(Number(x)).toBeLessThan(Number(width));
      expect(Number(y)).toBeLessThan(Number(height));
    }
  });
});
