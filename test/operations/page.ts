/** A Markdown page as its checks see it. */
export interface Page {
  readonly text: string;
  /** Headings with their level and the anchor that links name them by. */
  readonly headings: readonly Heading[];
  /** Rows of tables, a list of cells each; without heads and rules. */
  readonly rows: readonly (readonly string[])[];
  /** Blocks of code by their language. */
  readonly code: readonly { readonly language: string; readonly text: string }[];
  /** Targets of links. */
  readonly links: readonly string[];
}

export interface Heading {
  readonly level: number;
  readonly title: string;
  readonly anchor: string;
  /** The heading of a lower level that it stands below. */
  readonly below: string | undefined;
}

export function parsePage(text: string): Page {
  const code = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', inside = '']) => ({ language, text: inside }),
  );
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const links = [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return { text, headings: headingsOf(prose), rows: rowsOf(prose), code, links };
}

function headingsOf(prose: string): Heading[] {
  const headings: Heading[] = [];
  for (const [, marks = '', title = ''] of prose.matchAll(/^(#+) (.+)$/gm)) {
    const level = marks.length;
    const below = headings.findLast((before) => before.level < level)?.title;
    headings.push({ level, title, anchor: anchorOf(title), below });
  }
  return headings;
}

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function rowsOf(prose: string): string[][] {
  const lines = prose.split('\n');
  return lines
    .filter((line, i) => line.startsWith('|') && !isRule(line) && !isRule(lines[i + 1] ?? ''))
    .map((line) =>
      line
        .replace(/^\||\|$/g, '')
        .split('|')
        .map((cell) => cell.trim()),
    );
}

function isRule(line: string): boolean {
  return /^\|[\s|:-]+\|$/.test(line);
}
