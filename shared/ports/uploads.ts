/** Files that callers put into storage themselves. */
export interface Uploads {
  /** A name of its own in `uploads/`, and a URL to which its bytes may be PUT until `expiresAt` (ms). */
  grant(name: string, now: number): Promise<{ blob: string; url: string; expiresAt: number }>;
}
