import { mortality } from '../mortality.ts';
import { type DropProcess, type DropWorld, healthy } from './drop-world.ts';

/** A process that ends right after the `count`th call of that name (or of `any`) took effect. */
export function dyingAfter(
  world: DropWorld,
  name: string,
  count = 1,
): DropProcess & { death: Promise<void> } {
  const of = name === 'any' ? {} : { of: name };
  const { mortal, death } = mortality({ call: count, after: true, ...of });
  const { registry, artifacts, messages, dropped, ...rest } = healthy(world);
  return {
    ...rest,
    registry: mortal(registry),
    artifacts: mortal(artifacts),
    messages: mortal(messages),
    dropped: mortal(dropped, ['list']),
    death,
  };
}
