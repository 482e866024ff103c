import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concatRows, sliceRows } from './rows.ts';
import type { Tensor } from './tensor.ts';

const rest = [2, 3];
const tensors: fc.Arbitrary<Tensor[]> = fc
  .constantFrom('FP32', 'INT64', 'BYTES')
  .chain((datatype) =>
    fc.array(
      fc.nat(4).map((rows) => {
        const length = rows * 6;
        const numbers = Array.from({ length }, (_, index) => index + rows);
        const data =
          datatype === 'FP32'
            ? Float32Array.from(numbers)
            : datatype === 'INT64'
              ? BigInt64Array.from(numbers.map(BigInt))
              : numbers.map(String);
        return { name: 'x', datatype, shape: [rows, ...rest], data };
      }),
      { minLength: 1, maxLength: 6 },
    ),
  );

test('what is joined comes apart again', () => {
  fc.assert(
    fc.property(tensors, (parts) => {
      const whole = concatRows(parts);
      expect(whole.data.length).toBe((whole.shape[0] ?? 0) * 6);
      let at = 0;
      for (const part of parts) {
        const rows = part.shape[0] ?? 0;
        expect(sliceRows(whole, at, at + rows)).toEqual(part);
        at += rows;
      }
    }),
  );
});
