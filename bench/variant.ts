/** The same model as another file: a remark is appended, which protobuf takes as a field. */
export function variant(model: Uint8Array, remark: string): Buffer<ArrayBuffer> {
  const text = Buffer.from(remark);
  if (text.length > 127) throw new Error('a remark has at most 127 bytes');
  // Field 6 of ModelProto, doc_string, with a length of one byte.
  return Buffer.concat([model, Buffer.from([(6 << 3) | 2, text.length]), text]);
}
