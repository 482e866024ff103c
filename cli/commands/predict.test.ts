import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Asked, problem } from '../stand-ins/told.ts';
import { Workbench } from '../stand-ins/workbench.ts';

let bench: Workbench;
const answer =
  '{"model_name":"digits","model_version":"3","outputs":[{"name":"p","datatype":"FP32","shape":[1,3],"data":[0.5,NaN,-Infinity]},{"name":"id","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

beforeEach(async () => {
  bench = await new Workbench().open();
  const inputs = [{ name: 'image', datatype: 'FP32', shape: [-1, 2] }];
  for (const at of ['digits', 'digits/versions/champion']) {
    bench.server.routes.set(`GET /v2/models/${at}`, () => ({ status: 200, body: { inputs } }));
    bench.server.routes.set(`POST /v2/models/${at}/infer`, () => ({ status: 200, body: answer }));
  }
});
afterEach(() => bench.close());

const asked = (): Asked => bench.server.of(/infer$/).at(-1) as Asked;
const sent = (): unknown => JSON.parse(asked().body.toString('utf8'));

describe('predict', () => {
  test('sends an Open Inference request as it was written', async () => {
    const request = '{"inputs":[{"name":"image","data":[9007199254740993]}]}';
    expect(await bench.run('predict', 'digits', '--input', request)).toBe(0);
    expect(asked().body.toString('utf8')).toBe(request);
    // It says all that is needed: nobody has to be asked what the model wants.
    expect(bench.server.of(/^GET/)).toEqual([]);
  });

  test('prints each output, every number exactly', async () => {
    expect(await bench.run('predict', 'digits', '--input', '[[1, 2]]')).toBe(0);
    expect(bench.terminal.output).toBe(
      'p FP32 [1,3]: [0.5,"NaN","-Infinity"]\nid INT64 [1]: ["9007199254740993"]\n',
    );
    expect(bench.terminal.said).toEqual(['digits version 3']);
  });

  test('prints the answer as JSON for scripts', async () => {
    expect(await bench.run('predict', 'digits', '--input', '[[1, 2]]', '--json')).toBe(0);
    expect(bench.terminal.output).toBe(
      `${answer.replace('NaN', '"NaN"').replace('-Infinity', '"-Infinity"')}\n`,
    );
  });

  test('makes the request of nested arrays, for the version that is asked', async () => {
    const file = await bench.file('input.json', '[[1, 2], [3, 4]]');
    const args = ['predict', 'digits', '--input', file, '--version', 'champion'];
    expect(await bench.run(...args)).toBe(0);
    expect(asked().path).toBe('/v2/models/digits/versions/champion/infer');
    const data = [
      [1, 2],
      [3, 4],
    ];
    expect(sent()).toEqual({ inputs: [{ name: 'image', datatype: 'FP32', shape: [2, 2], data }] });
  });

  test('reads standard input', async () => {
    bench.terminal.stdin = (async function* () {
      yield Buffer.from('{"image": ');
      yield Buffer.from('[1, 2]}');
      await Promise.resolve();
    })();
    expect(await bench.run('predict', 'digits', '--input', '-')).toBe(0);
    expect(sent()).toMatchObject({ inputs: [{ shape: [1, 2], data: [1, 2] }] });
  });

  test('sends the bytes of a tensor', async () => {
    const bytes = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
    const file = await bench.file('image.raw', bytes);
    expect(await bench.run('predict', 'digits', '--binary', '--input', file)).toBe(0);
    const { body, headers } = asked();
    const length = Number(headers['inference-header-content-length']);
    expect(JSON.parse(body.subarray(0, length).toString('utf8'))).toEqual({
      inputs: [
        { name: 'image', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
      ],
    });
    expect(body.subarray(length).equals(bytes)).toBe(true);
  });

  test('comes again when it is asked to', async () => {
    bench.server.fail(/infer$/, problem(429, 'busy', { 'retry-after': '2' }));
    expect(await bench.run('predict', 'digits', '--input', '[[1, 2]]')).toBe(0);
    expect(bench.terminal.sleeps).toEqual([2_000]);
  });

  test.each([
    [['--input', 'nosuch.json'], /nosuch\.json: there is no such file/],
    [['--input', '[1'], /--input: expected JSON/],
    [['--input', '[[[1]]]'], /input image: expected arrays nested as \[-1,2\], got \[1,1,1\]/],
    [[], /required option '--input <input>'/],
  ])('%j is refused', async (args, error) => {
    expect(await bench.run('predict', 'digits', ...args)).toBe(2);
    expect(bench.terminal.said.join()).toMatch(error);
    expect(bench.server.of(/infer$/)).toEqual([]);
  });
});
