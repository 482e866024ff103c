import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../shared/protocol/tensor.ts';
import { endWithParent } from './asks.ts';
import { feedsOf } from './feeds.ts';
import { listeningLine } from './listening.ts';

// A server as one writes it in an afternoon: JSON.parse, and `run` where the request arrives, in a
// session made without options.

interface Asked {
  inputs: { name: string; datatype: Tensor['datatype']; shape: number[]; data: number[] }[];
}

const session = await InferenceSession.create(process.argv[2] ?? '');
const server = createServer((incoming, outgoing) => {
  void answer(incoming).then(
    (text) => {
      outgoing.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      outgoing.end(text);
    },
    (error: unknown) => {
      const text = String(error);
      outgoing.writeHead(500, { 'content-length': Buffer.byteLength(text) });
      outgoing.end(text);
    },
  );
});

async function answer(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { inputs } = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
  const tensors = inputs.map(({ data, ...input }) => ({
    ...input,
    data: input.datatype === 'INT64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data),
  }));
  const results = await session.run(feedsOf(tensors));
  const outputs = Object.entries(results).map(([name, { dims, data }]) => ({
    name,
    datatype: 'FP32',
    shape: dims,
    data: Array.from(data as Float32Array),
  }));
  return JSON.stringify({ outputs });
}

server.listen(0, '127.0.0.1', () => {
  console.log(listeningLine((server.address() as AddressInfo).port));
});
endWithParent('SIGKILL');
