import { call, type Declared, type Names, type Place, rowsOf, valueOf } from './kql-engine.ts';
import { listed, nameIn, part, unknownTo } from './kql-piece.ts';
import { AGGREGATES, compared, OPERATORS, type Row, SCALARS, type Value } from './kql-values.ts';
import type { Piece } from './kusto.ts';

/** The name that a column gets: its own, else the one that Kusto makes. */
function columnName(piece: Piece): string {
  if (piece.kind === 'SimpleNamedExpression') return nameIn(part(piece, 'Name'));
  if (piece.kind === 'NameReference') return nameIn(piece);
  const first =
    piece.kind === 'FunctionCallExpression'
      ? listed(part(piece, 'ArgumentList'), 'Expressions')[0]
      : undefined;
  if (first?.kind === 'NameReference') return nameIn(first);
  throw unknownTo(piece);
}

function expressionOf(piece: Piece): Piece {
  return piece.kind === 'SimpleNamedExpression' ? part(piece, 'Expression') : piece;
}

function columns(pieces: readonly Piece[], names: Names, place?: Place): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const piece of pieces) found[columnName(piece)] = valueOf(expressionOf(piece), names, place);
  return found;
}

function eachRow(
  rows: readonly Row[],
  names: Names,
  made: (names: Names, place: Place) => Row,
): Row[] {
  const sums = new Map<string, number>();
  return rows.map((row, index) => made({ ...names, ...row }, { rows, index, sums }));
}

/** What an operator makes of the rows before it. */
export function piped(rows: readonly Row[], operator: Piece, names: Names): Value {
  switch (operator.kind) {
    case 'FilterOperator':
      return rows.filter(
        (row) => valueOf(part(operator, 'Condition'), { ...names, ...row }) === true,
      );
    case 'ExtendOperator': {
      const made = eachRow(rows, names, (all, place) =>
        columns(listed(operator, 'Expressions'), all, place),
      );
      return rows.map((row, i) => ({ ...row, ...made[i] }));
    }
    case 'ProjectOperator':
      return eachRow(rows, names, (all, place) =>
        columns(listed(operator, 'Expressions'), all, place),
      );
    case 'SummarizeOperator':
      return summarized(rows, operator, names);
    case 'CountOperator':
      return [{ Count: rows.length }];
    case 'SortOperator':
      return sorted(rows, listed(operator, 'Expressions'), names);
    case 'TopOperator':
      return sorted(rows, [part(operator, 'ByExpression')], names).slice(
        0,
        Number(part(operator, 'Expression').text),
      );
    case 'MvExpandOperator':
      return expanded(rows, operator, names);
    case 'JoinOperator':
      return joined(rows, operator, names);
    case 'InvokeOperator': {
      const ours = names[nameIn(part(part(operator, 'Function'), 'Name'))] as Declared;
      return call(ours, [rows]);
    }
    case 'UnionOperator':
      return [...rows, ...united(operator, names)];
    default:
      throw unknownTo(operator);
  }
}

export function united(piece: Piece, names: Names): Row[] {
  return listed(piece, 'Expressions').flatMap((each) => [...rowsOf(each, names)]);
}

function summarized(rows: readonly Row[], operator: Piece, names: Names): Row[] {
  const by = operator.parts.ByClause ? listed(operator.parts.ByClause, 'Expressions') : [];
  const groups = new Map<string, { key: Row; rows: Row[] }>();
  if (by.length === 0) groups.set('[]', { key: {}, rows: [] });
  for (const row of rows) {
    const key = columns(by, { ...names, ...row });
    const name = JSON.stringify(Object.values(key));
    const group = groups.get(name) ?? { key, rows: [] };
    group.rows.push(row);
    groups.set(name, group);
  }
  return [...groups.values()].map((group) => ({
    ...group.key,
    ...Object.fromEntries(
      listed(operator, 'Aggregates').map((each) => [
        columnName(each),
        aggregated(expressionOf(each), group.rows, names),
      ]),
    ),
  }));
}

/** A call of an aggregate, or what is computed of some. */
function aggregated(piece: Piece, rows: readonly Row[], names: Names): Value {
  const operator = OPERATORS[piece.kind];
  if (operator) {
    const left = aggregated(part(piece, 'Left'), rows, names);
    return operator(left, aggregated(part(piece, 'Right'), rows, names), piece.type);
  }
  if (piece.kind === 'ParenthesizedExpression')
    return aggregated(part(piece, 'Expression'), rows, names);
  if (piece.kind !== 'FunctionCallExpression') return valueOf(piece, names);
  const name = nameIn(part(piece, 'Name'));
  const [of, condition] = listed(part(piece, 'ArgumentList'), 'Expressions');
  const aggregate = AGGREGATES[name] ?? AGGREGATES[name.replace(/if$/, '')];
  if (!aggregate) {
    const scalar = SCALARS[name];
    if (!scalar) throw unknownTo(piece);
    return scalar(
      ...listed(part(piece, 'ArgumentList'), 'Expressions').map((each) =>
        aggregated(each, rows, names),
      ),
    );
  }
  const counted = name.endsWith('if')
    ? rows.filter((row) => condition && valueOf(condition, { ...names, ...row }) === true)
    : rows;
  return aggregate(counted.map((row) => (of ? valueOf(of, { ...names, ...row }) : row)));
}

function sorted(rows: readonly Row[], by: readonly Piece[], names: Names): Row[] {
  return [...rows].sort((left, right) => {
    for (const each of by) {
      const of = each.kind === 'OrderedExpression' ? part(each, 'Expression') : each;
      const order = compared(
        valueOf(of, { ...names, ...left }),
        valueOf(of, { ...names, ...right }),
      );
      // Descending unless it says otherwise.
      if (order !== 0) return / asc$/.test(each.text) ? order : -order;
    }
    return 0;
  });
}

/** A row for each member, of a bag as [name, value]. */
function expanded(rows: readonly Row[], operator: Piece, names: Names): Row[] {
  const [only] = listed(operator, 'Expressions');
  if (!only || listed(operator, 'Parameters')[0]?.text.replace(/\s/g, '') !== 'kind=array')
    throw unknownTo(operator);
  const named = part(only, 'Expression');
  return rows.flatMap((row) => {
    const value = valueOf(expressionOf(named), { ...names, ...row });
    const members = value !== null && typeof value === 'object' ? Object.entries(value) : [null];
    return members.map((member) => ({ ...row, [columnName(named)]: member }));
  });
}

function joined(rows: readonly Row[], operator: Piece, names: Names): Row[] {
  const kind = listed(operator, 'Parameters')[0]?.text.replace(/\s/g, '');
  if (kind !== 'kind=inner' && kind !== 'kind=leftouter') throw unknownTo(operator);
  const right = rowsOf(part(operator, 'Expression'), names);
  const on = listed(part(operator, 'ConditionClause'), 'Expressions').map(nameIn);
  return rows.flatMap((row) => {
    const found = right.filter((other) =>
      on.every((name) => other[name] !== null && other[name] === row[name]),
    );
    if (found.length === 0) return kind === 'kind=inner' ? [] : [{ ...row }];
    return found.map((other) => ({ ...other, ...row }));
  });
}
