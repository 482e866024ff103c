import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Bicep files of a folder by name, without their comments. */
export type BicepFolder = ReadonlyMap<string, string>;

export function readBicepFolder(folder: string): BicepFolder {
  const names = readdirSync(folder).filter((name) => name.endsWith('.bicep'));
  return new Map(
    names.map((name) => [name, withoutComments(readFileSync(join(folder, name), 'utf8'))]),
  );
}

/** Strings may hold slashes: a comment begins at the start of a line, or behind a blank. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '$1');
}

/** The text of a file. @throws Error when there is none */
export function fileOf(folder: BicepFolder, name: string): string {
  const text = folder.get(name);
  if (text === undefined) throw new Error(`infra has no ${name}`);
  return text;
}

/** What stands between the braces that follow `opening` in a text; undefined where it isn't there. */
export function blockAfter(text: string, opening: RegExp): string | undefined {
  const found = opening.exec(text);
  if (!found) return undefined;
  const begin = text.indexOf('{', found.index);
  if (begin < 0) return undefined;
  let depth = 0;
  for (let at = begin; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(begin + 1, at);
  }
  return undefined;
}
