import type { AliasName, Fingerprint } from '../../shared/ids.ts';
import type { RegistrationMessage } from '../../shared/ports/messages.ts';
import type { Submission, Verdict } from '../../shared/registry/model-record.ts';
import { deleteModel, purgeOwed } from '../../shared/usecases/delete-model.ts';
import { nameVersion, removeAlias } from '../../shared/usecases/name-version.ts';
import { readEvents, readStateAt } from '../../shared/usecases/read-history.ts';
import { routeTraffic } from '../../shared/usecases/route-traffic.ts';
import {
  allocateVersion,
  beginValidation,
  currentIncarnation,
  decideVersion,
  readVersion,
} from '../../shared/usecases/version-lifecycle.ts';
import { NO_FACTS } from '../no-facts.ts';
import {
  anyVersion,
  type Deed,
  MODEL,
  type Ports,
  pick,
  precondition,
  refusal,
  type Ways,
  who,
} from './deed.ts';
import { must } from './must.ts';
import { ROLLOUT_DEEDS } from './rollout-deeds.ts';

const FINGERPRINTS = 4;

const anyAlias = (random: () => number) =>
  (random() < 0.5 ? 'champion' : 'constructor') as AliasName;
export const register: Deed = async (ports, random) => {
  const fingerprint = `f${Math.floor(random() * FINGERPRINTS)}` as Fingerprint;
  const incarnation = await currentIncarnation(ports, MODEL);
  await ports.artifacts.put(incarnation);
  const submission = submissionOf(incarnation, fingerprint);
  const { entry } = await allocateVersion(ports, submission, who);
  must(entry.fingerprint === fingerprint, 'another version was answered');
  await ports.messages.send({ model: MODEL, incarnation, version: entry.version });
};

export const validate: Deed = async (ports, random) => {
  const message = await ports.messages.receive();
  if (!message) return;
  if ((await beginValidation(ports, message)) === 'validate') {
    const verdict = verdictOf(message, random() < 0.8);
    const entry = await decideVersion(ports, verdict, who);
    must(
      !entry || !['pending', 'validating'].includes(entry.state),
      'a decided version is undecided',
    );
  }
  await ports.messages.done(message);
};

const retire: Deed = async (ports, random, ways) => {
  const version = await anyVersion(ports, random);
  await ways.retire(ports, { model: MODEL, version, who });
};

const route: Deed = async (ports, random) => {
  const production = await anyVersion(ports, random);
  const version = await anyVersion(ports, random);
  const share = { version, percent: Math.floor(random() * 101) };
  const role = pick(['candidate', 'shadow', 'none'], random) ?? 'none';
  const routing = { production, ...(role !== 'none' && { [role]: share }) };
  const allows = await precondition(ports, random);
  await routeTraffic(ports, { model: MODEL, routing, allows, who });
};

const name: Deed = async (ports, random) => {
  const alias = anyAlias(random);
  const version = await anyVersion(ports, random);
  const allows = await precondition(ports, random);
  await nameVersion(ports, { model: MODEL, alias, version, allows, who });
};

const unname: Deed = (ports, random) =>
  removeAlias(ports, { model: MODEL, alias: anyAlias(random), allows: () => true, who });

const remove: Deed = async (ports, random) => {
  if (random() < 0.5) return;
  await deleteModel(ports, { model: MODEL, force: random() < 0.7, allows: () => true, who });
};

const history: Deed = async (ports, random) => {
  const limit = 1 + Math.floor(random() * 6);
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof readEvents>> = await readEvents(ports, MODEL, {
      after,
      limit,
    });
    for (const [index, { seq }] of page.events.entries()) {
      must(seq === after + 1 + index, `a reader missed event ${after + 1 + index}`);
    }
    after = page.next;
  }
};

const past: Deed = async (ports, random) => {
  const at = ports.clock() - Math.floor(random() * 50);
  const event = await readStateAt(ports, MODEL, at);
  must(Date.parse(event.at) <= at, 'a reader was given a later state');
};

const look: Deed = async (ports, random) => {
  const view = await readVersion(ports, MODEL, await anyVersion(ports, random));
  if (view?.entry.state === 'ready') must(view.verdict?.outcome.kind === 'ready', 'no verdict');
};

/** By how often an actor does them. */
const DEEDS: readonly (readonly [weight: number, deed: Deed])[] = [
  [5, register],
  [8, validate],
  [3, retire],
  [4, route],
  [5, name],
  [2, unname],
  [1, remove],
  [1, history],
  [1, past],
  [1, look],
  ...ROLLOUT_DEEDS,
];
const DECK = DEEDS.flatMap(([weight, deed]) => Array.from({ length: weight }, () => deed));

/** A few deeds one after the other; what the registry refuses is refused. */
export async function act(ports: Ports, random: () => number, ways: Ways): Promise<void> {
  for (let deeds = 6 + Math.floor(random() * 8); deeds > 0; deeds--) {
    await pick(DECK, random)?.(ports, random, ways).catch(refusal);
  }
}

/** What the timer does: sends again what waits, and removes what is owed removal. */
export async function sweep(ports: Ports): Promise<void> {
  const records = await ports.registry.listUnfinished({ before: Infinity, limit: 10 });
  for (const record of records) {
    const { model, incarnation, versions } = record;
    for (const { version, state } of versions) {
      if (state !== 'pending' && state !== 'validating') continue;
      await ports.messages.send({ model, incarnation, version });
    }
    await purgeOwed(ports, record);
  }
}

function submissionOf(incarnation: number, fingerprint: Fingerprint): Submission {
  const digest = '0'.repeat(64) as Submission['digest'];
  return { model: MODEL, incarnation, fingerprint, digest, bytes: 1, card: {} };
}

function verdictOf({ incarnation, version }: RegistrationMessage, ready: boolean): Verdict {
  const { digest, bytes, card } = submissionOf(incarnation, '' as Fingerprint);
  return {
    model: MODEL,
    incarnation,
    version,
    decidedAt: '2026-01-01T00:00:00.000Z',
    digest,
    bytes,
    card,
    outcome: ready
      ? {
          kind: 'ready',
          signature: { inputs: [], outputs: [] },
          facts: NO_FACTS,
          warnings: [],
          loadMs: 1,
        }
      : { kind: 'rejected', reasons: ['no'] },
  };
}
