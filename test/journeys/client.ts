import { readFile } from 'node:fs/promises';

/** A tensor of an answer in JSON. */
export interface AnswerTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[];
}

export interface InferAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: AnswerTensor[];
}

/** POSTs an inference request and reads its JSON answer. @throws Error with the problem's text */
export async function infer(url: string, model: string, request: unknown): Promise<InferAnswer> {
  const response = await fetch(`${url}/v2/models/${model}/infer`, {
    method: 'POST',
    body: JSON.stringify(request),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${model}: ${response.status} ${text}`);
  return JSON.parse(text) as InferAnswer;
}

/** An answer's output by name. */
export function output(answer: InferAnswer, name: string): AnswerTensor {
  const found = answer.outputs.find((tensor) => tensor.name === name);
  if (!found) throw new Error(`no output ${name} in ${JSON.stringify(answer)}`);
  return found;
}

/** Registers a model and waits for the verdict; the response's status and document. */
export async function register(
  url: string,
  model: string,
  bytes: Uint8Array,
): Promise<{ status: number; document: Record<string, unknown> }> {
  const response = await fetch(`${url}/models/${model}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', prefer: 'wait=60' },
    body: bytes as Uint8Array<ArrayBuffer>,
  });
  return {
    status: response.status,
    document: (await response.json()) as Record<string, unknown>,
  };
}

/** A sample model's bytes. */
export async function sample(name: string): Promise<Uint8Array> {
  return await readFile(`models/${name}/model.onnx`);
}
