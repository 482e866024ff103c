import type { DroppedBlob } from '../drops/drop.ts';

/** The container `incoming`, into which models are dropped. Names are `{model}/…/{name}.onnx`. */
export interface DroppedFiles {
  /** A blob as it is now; undefined when there is none. */
  look(path: string): Promise<DroppedBlob | undefined>;
  /**
   * The bytes of a small blob as it was when it had that ETag. @throws ServingError `conflict` (it has
   * changed, or is gone), `tooLarge`
   */
  read(blob: DroppedBlob, maxBytes: number): Promise<Uint8Array>;
  /**
   * Blobs whose names end in `.onnx`, by name, each as it was when its page was listed, with when it
   * was written (ms since the epoch). A page is in memory at once.
   */
  list(): AsyncIterable<DroppedBlob & { readonly writtenAt: number }>;
  /** Leaves a JSON text beside a dropped model, in place of what stands there. */
  leave(path: string, json: string): Promise<void>;
}
