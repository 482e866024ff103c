import type { Config } from './config.ts';
import type {
  ArtifactStore,
  Clock,
  Engine,
  Messages,
  ModelFiles,
  ModelInspector,
  RegistryStore,
  Spool,
} from './ports.ts';

/** Everything a handler may need; use cases take the slice that they use. */
export interface App {
  readonly config: Config;
  readonly clock: Clock;
  readonly artifacts: ArtifactStore;
  readonly registry: RegistryStore;
  readonly messages: Messages;
  readonly spool: Spool;
  readonly modelFiles: ModelFiles;
  readonly inspector: ModelInspector;
  readonly engine: Engine;
  /** Lets what runs end and frees everything; new work is refused. */
  close(): Promise<void>;
}
