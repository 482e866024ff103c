import { functions } from '../../functions/index.ts';
import { all, copiesOf, environmentOf, parseDockerfile, type Stage } from './dockerfile.ts';
import { isSent } from './sent.ts';

/** What images are made of: a Dockerfile, a .dockerignore, and the scripts of package.json. */
export interface Recipe {
  readonly dockerfile: string;
  readonly ignore: string;
  readonly scripts: Readonly<Record<string, string>>;
  /** All files here, relative. */
  readonly files: readonly string[];
}

/** Answers what is wrong, empty when it is right. */
export type RecipeExpectation = (recipe: Recipe) => string[];

/** The stages that somebody runs. */
function imagesOf(recipe: Recipe): Stage[] {
  return parseDockerfile(recipe.dockerfile).filter(({ name }) => name !== 'build');
}

/** The port that an image answers on. */
export function portOf(stage: Stage): string {
  return all(stage, 'EXPOSE').join();
}

export const pinned: RecipeExpectation = ({ dockerfile }) =>
  parseDockerfile(dockerfile)
    .filter(({ from }) => !/:\d[\w.-]*$|@sha256:[0-9a-f]{64}$/.test(from))
    .map(({ name, from }) => `${name}: ${from} is not pinned`);

/** What is copied is there, and is sent; what is run is there. */
export const made: RecipeExpectation = ({ dockerfile, ignore, scripts, files }) => {
  const wrong: string[] = [];
  const before: string[] = [];
  for (const stage of parseDockerfile(dockerfile)) {
    for (const { from, sources } of copiesOf(stage)) {
      if (from !== undefined) {
        if (!before.includes(from))
          wrong.push(`${stage.name}: copies from ${from}, not made before`);
        continue;
      }
      for (const source of sources) {
        const found = files.filter((file) => source === '.' || file === source);
        if (!found.some((file) => isSent(ignore, file))) wrong.push(`${source} is not sent`);
      }
    }
    for (const command of all(stage, 'RUN')) {
      const script = /^npm run ([\w:-]+)/.exec(command)?.[1];
      if (script !== undefined && !(script in scripts)) wrong.push(`${script}: no such script`);
    }
    before.push(stage.name);
  }
  return wrong;
};

/** Not one of these may be in an image, or in a layer of one. */
const KEPT_OUT = [
  '.env',
  '.git/config',
  '.pilotlight/keys/operator',
  'dist/main.mjs',
  'local.settings.json',
  'node_modules/zod/index.js',
  'out/app/host.json',
  'shared/config.test.ts',
  'functions/node_modules/a/b.js',
];

export const closed: RecipeExpectation = (recipe) => [
  ...KEPT_OUT.filter((file) => isSent(recipe.ignore, file)).map((file) => `${file} is sent`),
  ...imagesOf(recipe).flatMap((stage) => {
    const user = all(stage, 'USER').at(-1) ?? 'root';
    const after = stage.instructions.findLastIndex(({ name }) => name === 'USER');
    const runsLater = stage.instructions.slice(after).some(({ name }) => name === 'RUN');
    return [
      ...(/^(?:root|0)\b/.test(user) || after < 0 ? [`${stage.name} runs as root`] : []),
      ...(runsLater ? [`${stage.name}: RUN behind USER`] : []),
      ...[...environmentOf(stage)]
        .filter(
          ([name, value]) => /key|secret|password|token/i.test(name) || /AccountKey/.test(value),
        )
        .map(([name]) => `${stage.name}: ${name} looks like a secret`),
    ];
  }),
];

const HEALTH = functions.flatMap((one) =>
  one.kind === 'http' && one.access === 'anonymous' ? [`/${one.route}`] : [],
);

/** The port is one port, the health check asks a route that is anonymous, memory is set. */
export const answering: RecipeExpectation = (recipe) =>
  imagesOf(recipe).flatMap((stage) => {
    const wrong: string[] = [];
    const port = portOf(stage);
    const environment = environmentOf(stage);
    const listens =
      environment.get('PORT') ?? /:(\d+)$/.exec(environment.get('ASPNETCORE_URLS') ?? '')?.[1];
    if (listens !== port) wrong.push(`exposes ${port}, listens on ${String(listens)}`);
    const asked = /http:\/\/127\.0\.0\.1:(\d+)([^']*)/.exec(all(stage, 'HEALTHCHECK').join());
    if (asked?.[1] !== port) wrong.push(`its health is asked for at ${String(asked?.[1])}`);
    if (!HEALTH.includes(asked?.[2] ?? '')) wrong.push(`${String(asked?.[2])} is no health`);
    for (const name of ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_TRIM_THRESHOLD_', 'NODE_OPTIONS']) {
      if (!environment.has(name)) wrong.push(`${name} is not set`);
    }
    return wrong.map((what) => `${stage.name}: ${what}`);
  });
