import * as z from 'zod';

const tensor = z.object({
  name: z.string(),
  datatype: z.string(),
  shape: z.array(z.number().int()),
});
/** The members of a model's metadata (GET /v2/models/{model}) that an example needs. */
export const metadataSchema = z.object({ inputs: z.array(tensor) });
type Metadata = z.infer<typeof metadataSchema>;

/**
 * A `curl` that asks the model at `url` about one row, for any POSIX shell. `csv` is an evaluation
 * file without quoted fields, its class in column `label`; without one the row is all zeros.
 */
export function exampleCurl(url: string, metadata: Metadata, csv: string | undefined): string {
  const row = csv === undefined ? undefined : firstRow(csv);
  const [only] = metadata.inputs;
  const inputs = metadata.inputs.map(({ name, datatype, shape }) => {
    const dimensions = shape.map((dimension) => (dimension < 0 ? 1 : dimension));
    const size = dimensions.reduce((product, dimension) => product * dimension, 1);
    const texts =
      metadata.inputs.length === 1 && only?.name === name ? features(row) : [row?.get(name)];
    const values = texts.slice(0, size).map((text) => valueOf(datatype, text));
    const data = row ? JSON.stringify(values) : `['"$(yes 0 | head -n ${size} | paste -sd, -)"']`;
    return `{"name":${JSON.stringify(name)},"shape":${JSON.stringify(dimensions)},"datatype":"${datatype}","data":${row ? shellText(data) : data}}`;
  });
  return `curl -s ${url}/infer -d '{"inputs":[${inputs.join(',')}]}'`;
}

function firstRow(csv: string): Map<string, string> {
  const [header = '', first = ''] = csv.split(/\r?\n/, 2);
  const fields = first.split(',');
  return new Map(header.split(',').map((column, i) => [column, fields[i] ?? '']));
}

function features(row: Map<string, string> | undefined): string[] {
  return [...(row ?? [])].filter(([column]) => column !== 'label').map(([, text]) => text);
}

function valueOf(datatype: string, text = ''): string | number | boolean {
  if (datatype === 'BYTES') return text;
  return datatype === 'BOOL' ? text === 'true' : Number(text);
}

/** Inside single quotes. */
function shellText(text: string): string {
  return text.replaceAll("'", `'\\''`);
}
