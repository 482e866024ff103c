/** Azure's limit of committed blocks in a blob. */
export const MAX_BLOCKS = 50_000;
