import { openAsBlob } from 'node:fs';

/** Uploads a file as POST /uploads says; the name of its blob. */
export async function uploadFile(url: string, path: string, name: string): Promise<string> {
  const body = await openAsBlob(path);
  const granted = await fetch(`${url}/uploads`, {
    method: 'POST',
    body: JSON.stringify({ name, bytes: body.size }),
  });
  if (granted.status !== 201) throw new Error(`uploads: ${granted.status} ${await granted.text()}`);
  const grant = (await granted.json()) as { blob: string; url: string };
  const put = await fetch(grant.url, {
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob', 'content-length': String(body.size) },
    body,
  });
  if (put.status !== 201) throw new Error(`PUT: ${put.status} ${await put.text()}`);
  return grant.blob;
}
