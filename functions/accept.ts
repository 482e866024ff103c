/**
 * Whether `Accept` (RFC 9110, 12.5.1) prefers HTML to JSON; where it doesn't say, JSON. Browsers
 * name HTML, programs name JSON or anything.
 */
export function prefersHtml(accept: string | null): boolean {
  const html = quality(accept, 'text/html');
  return html > 0 && html > quality(accept, 'application/json');
}

/** How much a type is wanted: that of the range which names it most exactly. */
function quality(accept: string | null, type: string): number {
  const [family = ''] = type.split('/');
  const found = (accept ?? '*/*').split(',').map((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const exactness = [`*/*`, `${family}/*`, type].indexOf(name);
    return { exactness, q: q === undefined ? 1 : Number(q) || 0 };
  });
  const best = Math.max(...found.map(({ exactness }) => exactness));
  if (best < 0) return 0;
  return Math.max(...found.filter(({ exactness }) => exactness === best).map(({ q }) => q));
}
