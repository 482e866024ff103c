import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from '../../cli/command-line.ts';
import { StandInTerminal } from '../../cli/stand-ins/terminal.ts';
import { functions } from '../../functions/index.ts';
import { type Page, parsePage } from './page.ts';

/** Alerts that `infra/alerts.bicep` makes. @throws Error when it makes none */
function alertNames(bicep: string): string[] {
  const rules = /^var rules = \[\n([\s\S]*?)^\]/m.exec(bicep)?.[1] ?? '';
  const names = [...rules.matchAll(/^ {4}name: '([^']+)'$/gm)].map(([, name = '']) => name);
  if (names.length === 0)
    throw new Error('infra/alerts.bicep: expected `var rules = [` with names');
  return names;
}

/** Each alert has its section, which says its window and percentage; and each section has its alert. */
export function alertClaims({ headings, text }: Page, bicep: string): string[] {
  const made = alertNames(bicep);
  const told = headings.filter(({ below }) => below === 'Alerts').map(({ anchor }) => anchor);
  return [
    ...made.filter((name) => !told.includes(name)).map((name) => `${name} has no section`),
    ...told.filter((name) => !made.includes(name)).map((name) => `nothing raises ${name}`),
    ...made.flatMap((name) => {
      const rule = new RegExp(`name: '${name}'\\n[\\s\\S]*?\\n  \\}`).exec(bicep)?.[0] ?? '';
      const [, section = ''] = text.split(`### ${name}\n`);
      const said = section.split('\n#')[0]?.replace(/\s+/g, ' ') ?? '';
      return saidOf(rule)
        .filter((words) => !said.includes(words))
        .map((words) => `${name}: expected its section to say "${words}"`);
    }),
  ];
}

/** What of a rule somebody must know to understand the alert; 100 % says itself. */
function saidOf(rule: string): string[] {
  const [, minutes] = /within: 'PT(\d+)M'/.exec(rule) ?? [];
  const [, percent] = /Percent \?\? (\d+)/.exec(rule) ?? [];
  return [
    ...(minutes === undefined ? [] : [`${minutes} minutes`]),
    ...(percent === undefined || percent === '100' ? [] : [`${percent} %`]),
  ];
}

/** Parameters of deployments, failures and settings of the host that aren't there. */
export function nameClaims({ text }: Page): string[] {
  const main = ['infra/main.bicep', 'deploy/container-apps/main.bicep']
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
  const types = readFileSync('infra/types.bicep', 'utf8');
  const failures = readFileSync('functions/message.ts', 'utf8');
  const known = [
    (name: string) => new RegExp(`^param ${name} `, 'm').test(main),
    (name: string) => new RegExp(`^ {2}${name}: '(retry|giveUp)',$`, 'm').test(failures),
    (name: string) => readFileSync('host.json', 'utf8').includes(`"${name}":`),
    (name: string) => PLATFORM.includes(name),
  ];
  const inline = [...text.matchAll(/`(?:(scale|dedicated)\.)?([a-z]+[A-Z]\w*)`/g)];
  return inline
    .filter(([, group, name = '']) =>
      group === undefined
        ? !known.some((knows) => knows(name))
        : !new RegExp(`^ {2}${name}: int`, 'm').test(types) && !/^instanceMemoryMB$/.test(name),
    )
    .map(([name]) => `${name} is no parameter, failure or setting`);
}

/** Of Azure itself. */
const PLATFORM = ['siteUpdateStrategy'];

/** Links that lead nowhere; `path` is the page's own. */
export function linkClaims({ links, headings }: Page, path: string): string[] {
  return links
    .filter((link) => !/^https?:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#');
      if (file === '') return !headings.some((heading) => heading.anchor === anchor);
      const target = join(dirname(path), file);
      if (!existsSync(target)) return true;
      if (anchor === undefined) return false;
      const there = parsePage(readFileSync(target, 'utf8')).headings;
      return !there.some((heading) => heading.anchor === anchor);
    })
    .map((link) => `${link} leads nowhere`);
}

/** Files, npm scripts, commands with their options, and paths of the API that aren't there. */
export async function commandClaims(page: Page): Promise<string[]> {
  const inline = [...page.text.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  const lines = page.code.flatMap(({ text }) => text.replace(/\\\n\s*/g, ' ').split('\n'));
  const said = [...inline, ...lines.map((line) => line.replace(/ #.*$/, ''))];
  const wrong = said.flatMap((text) => [...filesIn(text), ...scriptsIn(text), ...pathsIn(text)]);
  for (const text of said) wrong.push(...(await commandsIn(text)));
  return wrong;
}

/** Made by a command that the page names. */
const MADE = ['out/pilotlight.zip'];
const FOLDERS = 'infra|docs|deploy|bench|shared|functions|local|cli|test|models|out';

function filesIn(text: string): string[] {
  return [...text.matchAll(new RegExp(`(?<![\\w./-])(?:${FOLDERS})/[\\w./-]*`, 'g'))]
    .map(([path]) => path.replace(/\.$/, ''))
    .filter((path) => !MADE.includes(path) && !existsSync(path))
    .map((path) => `${path} is not there`);
}

function scriptsIn(text: string): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    scripts: Record<string, string>;
  };
  return [...text.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/g)]
    .map(([, named, known]) => named ?? known ?? '')
    .filter((name) => !(name in scripts))
    .map((name) => `npm run ${name}: no such script`);
}

/** Each word of a command up to its first argument, and each option, is in its help. */
async function commandsIn(text: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [, rest = ''] of text.matchAll(/npx pilotlight((?: (?:"[^"]*"|[^\s;&|>)"]+))*)/g)) {
    const words = rest
      .replace(/"[^"]*"/g, '')
      .trim()
      .split(/\s+/)
      .filter(Boolean);
    const name = words.filter((word) => /^[a-z]+$/.test(word));
    const options = words.filter((word) => word.startsWith('--'));
    const terminal = new StandInTerminal();
    const code = await run([...name, '--help'], terminal);
    const usage = terminal.output.split('\n')[0] ?? '';
    const isKnown = code === 0 && usage.startsWith(`Usage: pilotlight ${name.join(' ')}`.trimEnd());
    if (!isKnown) wrong.push(`pilotlight ${name.join(' ')}: no such command`);
    for (const option of options) {
      if (!terminal.output.includes(option))
        wrong.push(`pilotlight ${name.join(' ')} has no ${option}`);
    }
  }
  return wrong;
}

const ROUTES = functions
  .filter((definition) => definition.kind === 'http')
  .map(
    ({ route }) =>
      new RegExp(`^/${route.replace(/\{\*\w+\}/g, '.*').replace(/\{[^}]+\}/g, '[^/]+')}$`),
  );

function pathsIn(text: string): string[] {
  return [
    ...text.matchAll(
      /(?:\$PILOTLIGHT_URL|^)(\/(?:v2|models|batches|uploads)[\w/$-]*)(?!…)(?![\w/$-])/g,
    ),
  ]
    .map(([, path = '']) => path)
    .filter((path) => path !== '/v2' && !ROUTES.some((route) => route.test(path)))
    .map((path) => `${path} is no path of the API`);
}
