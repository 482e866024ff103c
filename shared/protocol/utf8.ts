const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text from UTF-8. @throws TypeError for anything else */
export function decodeUtf8(bytes: Uint8Array): string {
  return strict.decode(bytes);
}
