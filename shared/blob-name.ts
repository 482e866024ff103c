/** Azure's limit. */
export const MAX_BLOB_NAME_LENGTH = 1024;

/**
 * Whether Azure takes it as a blob's name within a container, and means the same by it in a URL: a
 * segment `..` would lead out of the container.
 */
export function isBlobName(name: string): boolean {
  return (
    name.length <= MAX_BLOB_NAME_LENGTH &&
    !/[\\\u0000-\u001f\u007f]/.test(name) &&
    name.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  );
}
