/** A cell of a label column, or an element of a label output. */
export type ClassCell = string | number | bigint | boolean;

/** Distinct values as classes, where the card names none: numbers by size, then words by code point. */
export function classesOf(cells: Iterable<ClassCell>): string[] {
  const distinct = [...new Set(Array.from(cells, textOf))];
  const numbers = distinct.filter((text) => isNumber(text)).sort((a, b) => Number(a) - Number(b));
  const words = distinct.filter((text) => !isNumber(text)).sort((a, b) => (a < b ? -1 : 1));
  return [...numbers, ...words];
}

/**
 * Finds a cell's class: its index in `classes`, -1 when it is none of them. A cell is the class that
 * is spelled like it, or is the same number; classes that are all words are also named by their
 * index, as models that answer integers do.
 */
export function classFinder(classes: readonly string[]): (cell: ClassCell) => number {
  const byText = new Map<string, number>();
  for (const [index, name] of classes.entries()) {
    const text = textOf(name);
    if (!byText.has(text)) byText.set(text, index);
  }
  const indexed = !classes.some((name) => isNumber(name.trim()));
  return (cell) => {
    const text = textOf(cell);
    const found = byText.get(text);
    if (found !== undefined) return found;
    if (!indexed || !isNumber(text)) return -1;
    const index = Number(text);
    return Number.isInteger(index) && index >= 0 && index < classes.length ? index : -1;
  };
}

/** One spelling for each value: `1`, `1.0` and ` 1` are the same, true is 1. */
function textOf(cell: ClassCell): string {
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  const text = String(cell).trim();
  return isNumber(text) && Number.isSafeInteger(Number(text)) ? String(Number(text)) : text;
}

function isNumber(text: string): boolean {
  return text !== '' && Number.isFinite(Number(text));
}
