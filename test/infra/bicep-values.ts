// As much of Bicep's syntax as its values need: declarations, and in them objects, arrays and
// literals; any other expression stays text.

/** An expression that is no literal, its blanks made one. */
export class Expression {
  readonly text: string;

  constructor(text: string) {
    this.text = text.replace(/\s+/g, ' ').trim();
  }
}

export type Value = string | number | boolean | null | Expression | Value[] | Properties;
export type Properties = Map<string, Property>;

export interface Property {
  readonly value: Value;
  /** Where it stands in the text, its name included. */
  readonly from: number;
  readonly to: number;
}

export interface Declaration {
  readonly kind: 'resource' | 'module' | 'var';
  /** A resource within another one has the other's name and two colons before its own. */
  readonly name: string;
  /** A resource's type with its version, a module's file; of a variable, nothing. */
  readonly type: string;
  /** What stands between the equals sign and the braces: `if (…)`, `existing`, the head of a loop. */
  readonly head: string;
  readonly value: Value;
  readonly from: number;
  readonly to: number;
}

const DECLARATION = /(resource|module|var)\s+(\w+)(?:[ \t]+'([^']*)')?[^\n={]*?=[ \t]*/y;

/** The declarations of a text without comments. @throws Error where the syntax is another */
export function declarationsOf(text: string): Declaration[] {
  return new Reader(text).declarations();
}

class Reader {
  readonly #text: string;
  #at = 0;
  readonly #found: Declaration[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  declarations(): Declaration[] {
    for (const { index } of this.#text.matchAll(/^(?=(?:resource|module|var)\s)/gm)) {
      this.#at = index;
      this.#declaration('');
    }
    return this.#found;
  }

  #declaration(outer: string): void {
    const from = this.#at;
    DECLARATION.lastIndex = from;
    const opening = DECLARATION.exec(this.#text);
    if (!opening) throw this.#unexpected('a declaration');
    const [whole, kind = '', own = '', type = ''] = opening;
    const name = outer === '' ? own : `${outer}::${own}`;
    this.#at += whole.length;
    let head = /\bexisting\b/.test(whole) ? 'existing' : '';
    // A variable's list of values may be a loop of any shape.
    const loop = kind === 'var' ? undefined : this.#match(/\[\s*for [^\n]*?:\s*(?=\{)/y);
    head += loop ?? this.#match(/if \([^\n]*\) (?=\{)/y) ?? '';
    const value = this.#value(name);
    if (loop !== undefined) this.#expect(']');
    const to = this.#at;
    head = head.replace(/\s+/g, ' ').trim();
    this.#found.push({ kind: kind as Declaration['kind'], name, type, head, value, from, to });
  }

  #value(within: string): Value {
    const next = this.#text[this.#at];
    if (next === '{') return this.#properties(within);
    if (next === '[' && !/^\[\s*for\b/.test(this.#text.slice(this.#at))) return this.#items(within);
    const text = this.#expression();
    if (/^-?\d+$/.test(text)) return Number(text);
    if (text === 'true' || text === 'false') return text === 'true';
    if (text === 'null') return null;
    const literal = /^'((?:[^'\\$]|\\.)*)'$/.exec(text);
    return literal ? (literal[1] ?? '').replace(/\\(.)/g, '$1') : new Expression(text);
  }

  #properties(within: string): Properties {
    const found: Properties = new Map();
    this.#expect('{');
    while (this.#next() !== '}') {
      const from = this.#at;
      if (this.#match(/(?=resource \w+ ')/y) !== undefined) {
        this.#declaration(within);
        continue;
      }
      const key = this.#match(/(?:\w+|'[^']*')\s*:\s*/y);
      if (key === undefined) throw this.#unexpected('a property');
      const value = this.#value(within);
      const name = key.replace(/\s*:\s*$/, '').replace(/^'|'$/g, '');
      found.set(name, { value, from, to: this.#at });
    }
    this.#expect('}');
    return found;
  }

  #items(within: string): Value[] {
    const found: Value[] = [];
    this.#expect('[');
    while (this.#next() !== ']') found.push(this.#value(within));
    this.#expect(']');
    return found;
  }

  /** Up to the end of the line, a comma or a bracket that it hasn't opened; `?` and `:` go on. */
  #expression(): string {
    const from = this.#at;
    for (let depth = 0; this.#at < this.#text.length; this.#at++) {
      const next = this.#text[this.#at] ?? '';
      if (next === "'") this.#string();
      else if ('([{'.includes(next)) depth++;
      else if (')]}'.includes(next) && --depth < 0) break;
      else if (depth === 0 && next === ',') break;
      else if (depth === 0 && next === '\n' && !/^\s*[?:]/.test(this.#text.slice(this.#at))) break;
    }
    const text = this.#text.slice(from, this.#at).trim();
    if (text === '') throw this.#unexpected('a value');
    return text;
  }

  /** Leaves the place at the closing quote. */
  #string(): void {
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const next = this.#text[this.#at];
      if (next === "'") return;
      if (next === '\\') this.#at++;
      else if (next === '$' && this.#text[this.#at + 1] === '{') {
        for (
          this.#at += 2;
          this.#at < this.#text.length && this.#text[this.#at] !== '}';
          this.#at++
        ) {
          if (this.#text[this.#at] === "'") this.#string();
        }
      }
    }
  }

  /** The character behind blanks, commas and instructions to the compiler. */
  #next(): string | undefined {
    this.#match(/(?:[\s,]|#[^\n]*)*/y);
    return this.#text[this.#at];
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #expect(what: string): void {
    if (this.#next() !== what) throw this.#unexpected(what);
    this.#at++;
  }

  #unexpected(what: string): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    const found = JSON.stringify(this.#text.slice(this.#at, this.#at + 40));
    return new Error(`line ${line}: expected ${what}, got ${found}`);
  }
}

/**
 * What stands at `path` in a declaration: names and places in lists, joined by dots, the first of
 * them a declaration's. Undefined where there is nothing.
 */
export function propertyAt(text: string, path: string): Property | undefined {
  const [name, ...steps] = path.split('.');
  let found: Property | undefined = declarationsOf(text).find((one) => one.name === name);
  for (const step of steps) {
    const value: Value | undefined = found?.value;
    if (value instanceof Map) found = value.get(step);
    else if (Array.isArray(value) && found) {
      const item: Value | undefined = value[Number(step)];
      found = item === undefined ? undefined : { ...found, value: item };
    } else return undefined;
  }
  return found;
}

/** A value as text: of an expression, what it says; nothing where there is none. */
export function textOf(found: { readonly value: Value } | undefined): string {
  const value = found?.value ?? '';
  if (value instanceof Expression) return value.text;
  return typeof value === 'object' ? '' : String(value);
}
