import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ServingError } from '../shared/errors.ts';
import { readMultipart } from './multipart.ts';

const TYPE = 'multipart/form-data; boundary=XX';

function form(...parts: { name?: string; filename?: string; content: string | Buffer }[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, content }) => [
    Buffer.from(
      `--XX\r\nContent-Disposition: form-data${name === undefined ? '' : `; name="${name}"`}${
        filename === undefined ? '' : `; filename="${filename}"`
      }\r\n\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from('--XX--\r\n')]);
}

/** The body in pieces of `size` bytes. */
async function* cut(body: Buffer, size = 7): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) {
    yield await Promise.resolve(body.subarray(at, at + size));
  }
}

async function parts(body: Buffer, size?: number, type = TYPE): Promise<[string, Buffer][]> {
  const read: [string, Buffer][] = [];
  await readMultipart(cut(body, size), type, async (name, content) => {
    // A taker has other things to do first, such as opening a file.
    await new Promise((resolve) => setImmediate(resolve));
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    read.push([name, Buffer.concat(chunks)]);
  });
  return read;
}

describe('parts', () => {
  test('come with their names and bytes, files or not, however the body is cut', async () => {
    const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name: fc.constantFrom('a', 'b'), content }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: 400 }),
        async (given, size) => {
          const read = await parts(form(...given), size);
          expect(read).toEqual(given.map((part) => [part.name, part.content]));
        },
      ),
    );
  });

  test('may be large, and nothing is gathered on the way', async () => {
    const content = Buffer.alloc(3_000_000, 'x');
    const read = await parts(form({ name: 'model', filename: 'm.onnx', content }), 65_536);
    expect(read).toHaveLength(1);
    expect(read[0]?.[1].equals(content)).toBe(true);
  });

  test('without a name come as such', async () => {
    expect(await parts(form({ content: 'x' }))).toEqual([['', Buffer.from('x')]]);
  });
});

describe('a body that is wrong', () => {
  const whole = form(
    { name: 'a', filename: 'f', content: 'hello world' },
    { name: 'b', content: 'y' },
  );

  test('is malformed wherever it ends early, and never hangs', async () => {
    // Up to the last delimiter's two dashes; what follows them is of no account.
    for (let end = 0; end < whole.length - 2; end++) {
      await expect(parts(whole.subarray(0, end))).rejects.toMatchObject({
        failure: { kind: 'malformed' },
      });
    }
  });

  test.each(['multipart/form-data', 'multipart/form-data; boundary=', 'text/plain'])(
    'is malformed with Content-Type %s',
    async (type) => {
      await expect(parts(whole, 7, type)).rejects.toMatchObject({ failure: { kind: 'malformed' } });
    },
  );

  test('random bytes are malformed or have no part of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const read = parts(Buffer.concat([Buffer.from('--XX\r\n'), bytes])).catch(
          (error: unknown) => error,
        );
        expect(await read).toBeInstanceOf(ServingError);
      }),
    );
  });

  test('that breaks off with an error passes it on, to who reads a part too', async () => {
    const broken = new Error('the connection was lost');
    const body = (async function* () {
      yield* cut(whole.subarray(0, 75));
      throw broken;
    })();
    let seen: unknown;
    const read = readMultipart(body, TYPE, async (_, content) => {
      try {
        for await (const chunk of content) expect(chunk.length).toBeGreaterThan(0);
      } catch (error) {
        seen = error;
        throw error;
      }
    });
    await expect(read).rejects.toBe(broken);
    expect(seen).toBe(broken);
  });
});

test('what a taker throws ends the reading at once, even while the body stands still', async () => {
  const refusal = new Error('no such part');
  const body = (async function* () {
    yield* cut(form({ name: 'a', content: 'x'.repeat(100) }));
    await new Promise(() => undefined);
  })();
  await expect(readMultipart(body, TYPE, () => Promise.reject(refusal))).rejects.toBe(refusal);
});
