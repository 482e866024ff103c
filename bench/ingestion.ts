import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerAsks, endWithParent } from './asks.ts';
import { listeningLine } from './listening.ts';

// Takes telemetry, and tells how much of it came.

let requests = 0;
let bytes = 0;

const server = createServer((incoming, outgoing) => {
  incoming.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  incoming.on('end', () => {
    requests++;
    outgoing.writeHead(200, { 'content-type': 'application/json' });
    outgoing.end('{"itemsReceived":0,"itemsAccepted":0,"errors":[]}');
  });
});

server.listen(0, '127.0.0.1', () => {
  console.log(listeningLine((server.address() as AddressInfo).port));
});
answerAsks({ taken: () => Promise.resolve({ requests, bytes }) });
endWithParent('SIGKILL');
