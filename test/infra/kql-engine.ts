import { piped, united } from './kql-operators.ts';
import { listed, nameIn, part, unknownTo } from './kql-piece.ts';
import { compared, OPERATORS, type Row, SCALARS, textOf, type Value } from './kql-values.ts';
import { type Piece, parseQuery } from './kusto.ts';

/** What names stand for: columns, tables, scalars, functions. */
export type Names = Readonly<Record<string, Value>>;
/** A function that a query declares. */
export interface Declared {
  readonly parameters: readonly string[];
  readonly body: Piece;
  readonly names: Names;
}

/** Where a row stands among those of its operator: for `prev` and running sums. */
export interface Place {
  readonly rows: readonly Row[];
  readonly index: number;
  /** What running sums came to so far, by where they stand in the query. */
  readonly sums: Map<string, number>;
}

/**
 * Runs a query over tables in memory, as far as our queries use the language: rows in, rows out, by
 * the tree of Microsoft's parser. https://learn.microsoft.com/kusto/query
 * @throws Error of a query with problems, and of what this engine does not know
 */
export function runQuery(
  text: string,
  { tables, now }: { tables: Readonly<Record<string, readonly Row[]>>; now: number },
): readonly Row[] {
  const { problems, query } = parseQuery(text);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return statements(listed(query, 'Statements'), { ...tables, 'now()': now }) as Row[];
}

/** The value of the last statement, which is no `let`. */
function statements(pieces: readonly Piece[], outer: Names): Value {
  let names = outer;
  let last: Value;
  for (const piece of pieces) {
    const expression = part(piece, 'Expression');
    if (piece.kind === 'LetStatement') {
      names = { ...names, [nameIn(part(piece, 'Name'))]: declared(expression, names) };
    } else last = valueOf(expression, names);
  }
  return last;
}

function declared(expression: Piece, names: Names): Value {
  if (expression.kind !== 'FunctionDeclaration') return valueOf(expression, names);
  const parameters = listed(part(expression, 'Parameters'), 'Parameters').map((parameter) =>
    nameIn(part(part(parameter, 'NameAndType'), 'Name')),
  );
  return { parameters, body: part(expression, 'Body'), names } satisfies Declared;
}

export function call(called: Declared, given: readonly Value[]): Value {
  const names: Record<string, Value> = { ...called.names };
  called.parameters.forEach((parameter, i) => (names[parameter] = given[i]));
  const result = called.body.parts.Expression;
  const inner = [...listed(called.body, 'Statements')];
  if (!result) return statements(inner, names);
  return statements([...inner, { ...result, parts: { Expression: result } }], names);
}

export function rowsOf(piece: Piece, names: Names): readonly Row[] {
  const value = valueOf(piece, names);
  if (!Array.isArray(value)) throw new Error(`no table: ${piece.text}`);
  return value as readonly Row[];
}

type Rule = (piece: Piece, names: Names, place?: Place) => Value;

/** What a piece of a query comes to; `place` is that of the row whose columns are in `names`. */
export function valueOf(piece: Piece, names: Names, place?: Place): Value {
  const operator = OPERATORS[piece.kind];
  if (operator) {
    const left = valueOf(part(piece, 'Left'), names, place);
    return operator(left, valueOf(part(piece, 'Right'), names, place), piece.type);
  }
  const rule = RULES[piece.kind];
  if (!rule) throw unknownTo(piece);
  return rule(piece, names, place);
}

/** A part's value. */
function within(name: string): Rule {
  return (piece, names, place) => valueOf(part(piece, name), names, place);
}

const left = within('Left');
const right = within('Right');
const inner = within('Expression');
const number: Rule = ({ text }) => Number(text);

/** By the parser's name of what a piece is. */
const RULES: Readonly<Record<string, Rule>> = {
  AndExpression: (...given) => left(...given) === true && right(...given) === true,
  OrExpression: (...given) => left(...given) === true || right(...given) === true,
  InExpression: (piece, names, place) => {
    const sought = left(piece, names, place);
    return listed(part(piece, 'Right'), 'Expressions')
      .flatMap((each) => valueOf(each, names, place))
      .some((each) => compared(sought, each) === 0);
  },
  ParenthesizedExpression: inner,
  // The analysis knows that there is such a name; rows of a union or an outer join may lack it.
  NameReference: (piece, names) => names[nameIn(piece)] ?? null,
  PathExpression: (piece, ...given) =>
    memberOf(inner(piece, ...given), nameIn(part(piece, 'Selector'))),
  ElementExpression: (piece, ...given) =>
    memberOf(inner(piece, ...given), textOf(inner(part(piece, 'Selector'), ...given))),
  StringLiteralExpression: ({ text }) => text.slice(1, -1),
  LongLiteralExpression: number,
  RealLiteralExpression: number,
  TimespanLiteralExpression: timespan,
  DynamicExpression: (piece) =>
    JSON.parse(part(piece, 'Expression').text.replaceAll("'", '"')) as Value,
  FunctionCallExpression: called,
  MaterializeExpression: inner,
  ToScalarExpression: (piece, names) =>
    Object.values(rowsOf(part(piece, 'Expression'), names)[0] ?? {})[0] ?? null,
  PipeExpression: (piece, names) =>
    piped(rowsOf(part(piece, 'Expression'), names), part(piece, 'Operator'), names),
  UnionOperator: united,
};

function memberOf(value: Value, name: string): Value {
  return (value as Record<string, Value> | null)?.[name] ?? null;
}

const UNITS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

function timespan(piece: Piece): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(piece.text) ?? [];
  if (unit === undefined) throw unknownTo(piece);
  return Number(count) * (UNITS[unit] ?? Number.NaN);
}

function called(piece: Piece, names: Names, place?: Place): Value {
  const name = nameIn(part(piece, 'Name'));
  const given = listed(part(piece, 'ArgumentList'), 'Expressions');
  if (name === 'now') return names['now()'];
  if (name === 'prev' || name === 'row_cumsum') return serial(name, { piece, given, names, place });
  const values = given.map((each) => valueOf(each, names, place));
  const ours = names[name] as Declared | undefined;
  if (ours && typeof ours === 'object' && 'body' in ours) return call(ours, values);
  const scalar = SCALARS[name];
  if (!scalar) throw unknownTo(piece);
  return scalar(...values);
}

interface Serial {
  readonly piece: Piece;
  readonly given: readonly Piece[];
  readonly names: Names;
  readonly place: Place | undefined;
}

/** What depends on the rows before. */
function serial(name: string, { piece, given, names, place }: Serial): Value {
  const [of, restart] = given;
  if (!place || !of) throw unknownTo(piece);
  if (name === 'prev') return place.rows[place.index - 1]?.[nameIn(of)] ?? null;
  const before =
    place.index === 0 || (restart && valueOf(restart, names, place) === true)
      ? 0
      : (place.sums.get(piece.text) ?? 0);
  const sum = before + Number(valueOf(of, names, place));
  place.sums.set(piece.text, sum);
  return sum;
}
