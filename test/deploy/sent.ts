/**
 * Whether `.dockerignore` lets a file be sent to the builder: the last pattern that matches it or a
 * folder above it decides, `!` lets in. `*` stays within a folder, `**` does not.
 */
export function isSent(ignore: string, path: string): boolean {
  const parts = path.split('/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  let sent = true;
  for (const line of ignore.split('\n').map((one) => one.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = matching(line.replace(/^!/, ''));
    if (above.some((one) => pattern.test(one))) sent = line.startsWith('!');
  }
  return sent;
}

function matching(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/|\*\*|\*|\?/g, (wild) =>
      wild === '**/' ? '(?:.*/)?' : wild === '**' ? '.*' : wild === '*' ? '[^/]*' : '[^/]',
    );
  return new RegExp(`^${source}$`);
}
