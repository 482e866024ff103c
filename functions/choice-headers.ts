/** Which version answered, or failed to, and how the request came to it. */
export function choiceHeaders({ version, route }: { version: number; route: string }) {
  return { 'x-model-version': String(version), 'x-route': route };
}
