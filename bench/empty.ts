import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endWithParent } from './asks.ts';
import { listeningLine } from './listening.ts';

// A server that reads the request's body and answers nothing of use: what HTTP itself costs.

const server = createServer((incoming, outgoing) => {
  incoming.on('data', () => undefined);
  incoming.on('end', () => {
    outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 });
    outgoing.end('{}');
  });
});

server.listen(0, '127.0.0.1', () => {
  console.log(listeningLine((server.address() as AddressInfo).port));
});
endWithParent('SIGKILL');
