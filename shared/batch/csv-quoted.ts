import Papa from 'papaparse';

/** A record as the parser read it. */
export interface QuotedRecord {
  /** In Latin-1: a character a byte. */
  readonly cells: readonly string[];
  /** Behind its line break, in bytes from the beginning of the source. */
  readonly end: number;
  readonly problem: string | undefined;
}

const LF = 0x0a;

/** So much is read ahead at first; a longer record makes it grow. */
const WINDOW_BYTES = 4_096;
const WINDOW_GROWTH = 16;

/**
 * Reads the record that begins at `from`, and some behind it, with papaparse; `end` is where records
 * end. What is wrongly quoted fails its line alone, and is the last that is read.
 */
export function readQuoted(
  source: Buffer,
  { from, end }: { readonly from: number; readonly end: number },
  delimiter: string,
): readonly QuotedRecord[] {
  for (let window = WINDOW_BYTES; ; window *= WINDOW_GROWTH) {
    const lineBreak = from + window < end ? source.indexOf(LF, from + window) : -1;
    const to = lineBreak < 0 ? end : Math.min(lineBreak + 1, end);
    const records = parse(source.toString('latin1', from, to), delimiter, to === end);
    if (records.length > 0 || to === end) {
      return records.map((record) => ({ ...record, end: from + record.end }));
    }
  }
}

/** The records of a text; the last may go on behind it, unless it `isAll`, and is left out then. */
function parse(text: string, delimiter: string, isAll: boolean): QuotedRecord[] {
  const records: QuotedRecord[] = [];
  let start = 0;
  const parser = new Papa.Parser({
    delimiter,
    newline: '\n',
    fastMode: false,
    step: (results: Papa.ParseStepResult<string[]>) => {
      // The type says one row, the parser gives a list of one.
      const [cells = []] = results.data as unknown as string[][];
      const [error] = results.errors;
      if (error) {
        parser.abort();
        if (error.code === 'MissingQuotes' && !isAll) return;
        const end = text.indexOf('\n', start) + 1 || text.length;
        records.push({ cells, end, problem: problemOf(error) });
        return;
      }
      // A line break at the end begins no other record.
      if (start === text.length) return;
      start = results.meta.cursor;
      records.push({ cells, end: start, problem: undefined });
    },
  });
  parser.parse(text, 0, false);
  return records;
}

function problemOf({ code }: Papa.ParseError): string {
  return code === 'MissingQuotes'
    ? 'a quoted cell is not closed'
    : 'expected a delimiter or the line’s end behind a closing quote';
}
