/** Null, text, a number (of a time: ms), a truth, or what JSON knows. */
export type Value = unknown;
export type Row = Readonly<Record<string, Value>>;

export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

function numberOf(value: Value): number {
  return typeof value === 'number' ? value : Number.NaN;
}

/** Of a number or a text; null where it is none. */
function parsed(value: Value): number | null {
  const found = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  return Number.isNaN(found) || value === null || value === undefined ? null : found;
}

function whole(value: Value): number | null {
  const found = parsed(value);
  return found === null ? null : Math.trunc(found);
}

/** https://learn.microsoft.com/kusto/query/scalar-functions: those that depend on their arguments alone. */
export const SCALARS: Readonly<Record<string, (...given: Value[]) => Value>> = {
  tostring: textOf,
  toint: whole,
  tolong: whole,
  toreal: parsed,
  strcat: (...given) => given.map(textOf).join(''),
  split: (text, by) => textOf(text).split(textOf(by)),
  isempty: (value) => textOf(value) === '',
  isnotempty: (value) => textOf(value) !== '',
  parse_json: (text) => {
    try {
      return JSON.parse(textOf(text)) as Value;
    } catch {
      return text;
    }
  },
  pow: (base, power) => numberOf(base) ** numberOf(power),
  round: (value, digits = 0) => {
    const scale = 10 ** numberOf(digits);
    return value === null ? null : Math.round(numberOf(value) * scale) / scale;
  },
  iff: (condition, yes, no) => (condition === true ? yes : no),
  bin: (value, step) => Math.floor(numberOf(value) / numberOf(step)) * numberOf(step),
  coalesce: (...given) => given.find((value) => textOf(value) !== '') ?? null,
};

function binary(answer: (left: number, right: number) => Value) {
  return (left: Value, right: Value): Value =>
    left === null || right === null || left === undefined || right === undefined
      ? null
      : answer(numberOf(left), numberOf(right));
}

const divided = binary((left, right) => left / right);

/** Below 0, 0 or above 0, as the left one comes before, with or after the right one. */
export function compared(left: Value, right: Value): number {
  if (typeof left === 'string' || typeof right === 'string') {
    const [a, b] = [textOf(left), textOf(right)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return numberOf(left) - numberOf(right);
}

/** By the parser's name of the operator. */
export const OPERATORS: Readonly<
  Record<string, (left: Value, right: Value, type: string) => Value>
> = {
  AddExpression: binary((left, right) => left + right),
  SubtractExpression: binary((left, right) => left - right),
  MultiplyExpression: binary((left, right) => left * right),
  // Whole numbers are divided without a rest.
  DivideExpression: (left, right, type) => {
    const answer = divided(left, right);
    return /^(int|long)$/.test(type) && answer !== null ? Math.trunc(numberOf(answer)) : answer;
  },
  EqualExpression: (left, right) => compared(left, right) === 0,
  NotEqualExpression: (left, right) => compared(left, right) !== 0,
  GreaterThanExpression: binary((left, right) => left > right),
  GreaterThanOrEqualExpression: binary((left, right) => left >= right),
  LessThanExpression: binary((left, right) => left < right),
  LessThanOrEqualExpression: binary((left, right) => left <= right),
  EqualTildeExpression: (left, right) => textOf(left).toLowerCase() === textOf(right).toLowerCase(),
  HasExpression: (left, right) =>
    textOf(left)
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .includes(textOf(right).toLowerCase()),
  StartsWithExpression: (left, right) =>
    textOf(left).toLowerCase().startsWith(textOf(right).toLowerCase()),
};

function known(values: readonly Value[]): number[] {
  return values.filter((value): value is number => typeof value === 'number');
}

/** Of the values of a group; the condition of an …if has been applied. */
export const AGGREGATES: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  sum: (values) => known(values).reduce((sum, value) => sum + value, 0),
  max: (values) => (known(values).length > 0 ? Math.max(...known(values)) : null),
  min: (values) => (known(values).length > 0 ? Math.min(...known(values)) : null),
  count: (values) => values.length,
  dcount: (values) => new Set(values.map(textOf)).size,
};
