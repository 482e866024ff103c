import { dropText } from './drop-text.ts';
import type { BlobFunction } from './trigger.ts';
import { withReports } from './with-reports.ts';

/** A model is dropped into `incoming/{model}/`, at any depth. */
export const dropModelFunction: BlobFunction = {
  kind: 'blob',
  name: 'drop-model',
  path: 'incoming/{name}.onnx',
  async handler(app, { name, etag }, context, operation) {
    const [{ takeDrop }, { parseCardText }] = await Promise.all([
      import('../shared/usecases/take-drop.ts'),
      import('./card.ts'),
    ]);
    const deps = { ...withReports(app), traceparent: operation.traceparent() };
    const status = await takeDrop(deps, { path: name, etag, parseCard: parseCardText });
    if (status) context.log(dropText(name, status));
    else context.log(`incoming/${name}: gone or replaced since, or it names no model; not taken`);
  },
};
