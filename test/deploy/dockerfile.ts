/** One instruction of a Dockerfile, its lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** With the defaults of its arguments put in. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

const KNOWN = ['CMD', 'COPY', 'ENV', 'EXPOSE', 'HEALTHCHECK', 'RUN', 'USER', 'VOLUME', 'WORKDIR'];

/** The stages of a Dockerfile, in their order. @throws Error at what it doesn't know */
export function parseDockerfile(text: string): Stage[] {
  const defaults = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const { name, text: rest } of instructionsOf(text)) {
    const current = stages.at(-1);
    if (name === 'ARG' && !current) {
      const [, key, value] = /^(\w+)=(\S+)$/.exec(rest) ?? [];
      if (key === undefined || value === undefined) {
        throw new Error(`ARG ${rest}: expected NAME=default`);
      }
      defaults.set(key, value);
    } else if (name === 'FROM') {
      const [, image, stage] = /^(\S+) AS (\w+)$/.exec(rest) ?? [];
      if (image === undefined || stage === undefined) {
        throw new Error(`FROM ${rest}: expected an image AS a name`);
      }
      const from = image.replace(/\$\{(\w+)\}/g, (_, key: string) => defaults.get(key) ?? '');
      stages.push({ name: stage, from, instructions: [] });
    } else if (current && KNOWN.includes(name)) {
      current.instructions.push({ name, text: rest });
    } else {
      throw new Error(`${name} ${rest}: not known here`);
    }
  }
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  const whole = text.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '');
  return whole
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^([A-Z]+) (\S.*)$/.exec(line) ?? [];
      if (name === undefined || rest === undefined) throw new Error(`${line}: no instruction`);
      return { name, text: rest };
    });
}

/** What follows each instruction of that name. */
export function all(stage: Stage, name: string): string[] {
  return stage.instructions.filter((one) => one.name === name).map(({ text }) => text);
}

/** Its environment. */
export function environmentOf(stage: Stage): Map<string, string> {
  return new Map(
    all(stage, 'ENV').flatMap((text) =>
      text.split(/\s+/).map((pair): [string, string] => {
        const at = pair.indexOf('=');
        if (at < 1) throw new Error(`ENV ${pair}: expected NAME=value`);
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
  );
}

export interface Copy {
  /** The stage it comes from; undefined: what is sent to the builder. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

export function copiesOf(stage: Stage): Copy[] {
  return all(stage, 'COPY').map((text) => {
    const words = text.split(/\s+/);
    const from = words[0]?.startsWith('--from=')
      ? words.shift()?.slice('--from='.length)
      : undefined;
    const target = words.pop();
    if (target === undefined || words.length === 0)
      throw new Error(`COPY ${text}: expected a target`);
    return { from, sources: words, target };
  });
}
