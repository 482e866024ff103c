import { reportText } from '../report-text.ts';
import { USUAL } from '../retrying.ts';
import type { Server } from '../server.ts';
import type { Globals } from '../terminal.ts';

/** `report MODEL VERSION`: the readiness report in short, or as the page that shows all of it. */
export async function showReport(
  server: Server,
  { terminal, json }: Globals,
  ...[model, version, options]: [model: string, version: string, options: { html?: boolean }]
): Promise<void> {
  const path = `/models/${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}/report`;
  if (options.html) {
    const headers = { accept: 'text/html' };
    await terminal.write(
      (await server.text({ method: 'GET', path, headers, patience: USUAL })).text,
    );
    return;
  }
  const report = await server.get(path);
  await terminal.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
}
