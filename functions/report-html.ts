/** HTML that is safe to stand in a page. */
export type Html = string & { readonly __html: unique symbol };

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that others wrote: names, cards and cells come from whoever registers. */
function escaped(text: string): Html {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '') as Html;
}

/** A template whose values are text, escaped, unless they are HTML: `raw`, or lists of it. */
export function html(parts: TemplateStringsArray, ...values: (Raw | string | number)[]): Raw {
  const text = parts.reduce((sum, part, index) => {
    const value = values[index - 1];
    return `${sum}${value instanceof Raw ? value.text : escaped(String(value))}${part}`;
  });
  return new Raw(text);
}

/** HTML as it is. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const NOTHING = new Raw('');

export function joined(parts: readonly Raw[]): Raw {
  return new Raw(parts.map(({ text }) => text).join('\n'));
}

/** A section with a heading; nothing without content. */
export function section(heading: string, ...content: readonly Raw[]): Raw {
  const given = content.filter(({ text }) => text !== '');
  return given.length === 0
    ? NOTHING
    : html`<section>
<h2>${heading}</h2>
${joined(given)}
</section>`;
}

export type Cell = Raw | string | number | undefined;

/** A table that scrolls by itself when it is wide; the first cell of each row names it. */
export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): Raw {
  if (rows.length === 0) return NOTHING;
  const heads = head.map((cell) => html`<th scope="col">${cell ?? ''}</th>`);
  const body = rows.map(([name, ...cells]) => {
    const others = joined(cells.map((cell) => html`<td>${cell ?? ''}</td>`));
    return html`<tr><th scope="row">${name ?? ''}</th>${others}</tr>`;
  });
  return html`<div class="wide"><table>
${head.length > 0 ? html`<thead><tr>${joined(heads)}</tr></thead>` : NOTHING}
<tbody>
${joined(body)}
</tbody>
</table></div>`;
}

/** Names and values, those that are known. */
export function facts(rows: readonly (readonly [string, unknown])[]): Raw {
  const given = rows.filter(([, value]) => value !== undefined);
  return table(
    [],
    given.map(([name, value]) => [
      name,
      html`<span class="long">${value instanceof Raw || typeof value === 'string' ? value : JSON.stringify(value)}</span>`,
    ]),
  );
}

export function list(items: readonly (Raw | string)[]): Raw {
  return items.length === 0
    ? NOTHING
    : html`<ul>${joined(items.map((item) => html`<li>${item}</li>`))}</ul>`;
}

export function paragraph(content: Raw | string): Raw {
  return html`<p>${content}</p>`;
}

/** A number as people read it: three or four digits that say something. */
export function figureText(value: number): string {
  return value < 0 ? `−${sizeText(-value)}` : sizeText(value);
}

function sizeText(size: number): string {
  if (Number.isInteger(size)) return grouped(size);
  if (size >= 1000) return grouped(Math.round(size));
  return size >= 0.001 && size < 1 ? size.toFixed(3) : String(Number(size.toPrecision(4)));
}

/** A share of one, in percent. */
export function percentText(share: number): string {
  return `${(share * 100).toFixed(share > 0 && share < 0.001 ? 2 : 1)} %`;
}

export function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${grouped(bytes)} bytes`;
  return bytes < 1_000_000
    ? `${(bytes / 1000).toFixed(1)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function msText(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
