/**
 * The bytes of a model that answers its one input (`Identity`, a FP32 scalar, opset 17): what any
 * working runtime can load. Written down, because threads do without a protobuf library.
 */
export function smallestModel(): Uint8Array {
  return Buffer.from(
    'CAg6NgoQCgF4EgF5IghJZGVudGl0eRIIc21hbGxlc3RaCwoBeBIGCgQIARIAYgsKAXkSBgoECAESAEIECgAQEQ==',
    'base64',
  );
}
