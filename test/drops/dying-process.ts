import { type DropProcess, type DropWorld, healthy } from './drop-world.ts';

/** A process that ends right after the `count`th call of that name (or of `any`) took effect. */
export function dyingAfter(
  world: DropWorld,
  name: string,
  count = 1,
): DropProcess & { death: Promise<void> } {
  let left = count;
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => {
    die = resolve;
  });
  const mortal = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, key) {
        const method: unknown = Reflect.get(target, key);
        if (typeof method !== 'function' || key === 'list') return method;
        return async (...args: unknown[]): Promise<unknown> => {
          if (left <= 0) return new Promise(() => undefined);
          const answer: unknown = await Reflect.apply(method, target, args);
          if (key === name || name === 'any') left -= 1;
          if (left > 0) return answer;
          die();
          return new Promise(() => undefined);
        };
      },
    });
  const { registry, artifacts, messages, dropped, ...rest } = healthy(world);
  return {
    ...rest,
    registry: mortal(registry),
    artifacts: mortal(artifacts),
    messages: mortal(messages),
    dropped: mortal(dropped),
    death,
  };
}
