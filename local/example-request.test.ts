import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { exampleCurl } from './example-request.ts';

/** What the printed command would send, as a shell makes it. */
function sent(curl: string): unknown {
  return JSON.parse(
    execFileSync('sh', ['-c', curl.replace(/^curl -s \S+ -d /, 'printf %s ')]).toString(),
  );
}

describe('an example request', () => {
  test('maps the features of a row to a single input', () => {
    const metadata = { inputs: [{ name: 'image', datatype: 'FP32', shape: [-1, 1, 2, 2] }] };
    const curl = exampleCurl('http://h/v2/models/m', metadata, 'a,b,c,d,label\n0,0.5,1,2,7\n');
    expect(curl).toMatch(/^curl -s http:\/\/h\/v2\/models\/m\/infer -d /);
    expect(sent(curl)).toEqual({
      inputs: [{ name: 'image', shape: [1, 1, 2, 2], datatype: 'FP32', data: [0, 0.5, 1, 2] }],
    });
  });

  test('maps columns to inputs of their name, words too', () => {
    const metadata = {
      inputs: [
        { name: 'state', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'n', datatype: 'FP32', shape: [-1, 1] },
      ],
    };
    const curl = exampleCurl('http://h', metadata, "n,state,label\n3,it's,1");
    expect(sent(curl)).toEqual({
      inputs: [
        { name: 'state', shape: [1, 1], datatype: 'BYTES', data: ["it's"] },
        { name: 'n', shape: [1, 1], datatype: 'FP32', data: [3] },
      ],
    });
  });

  test('is zeros where there is no row', () => {
    const metadata = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }] };
    expect(sent(exampleCurl('http://h', metadata, undefined))).toEqual({
      inputs: [{ name: 'x', shape: [1, 3], datatype: 'FP32', data: [0, 0, 0] }],
    });
  });
});
