// The parts of Azurite that its command line is made of; the package has no types of its own.
declare module 'azurite/dist/src/blob/BlobConfiguration.js' {
  const module: { default: new (...settings: unknown[]) => object };
  export default module;
}
declare module 'azurite/dist/src/queue/QueueConfiguration.js' {
  const module: { default: new (...settings: unknown[]) => object };
  export default module;
}
declare module 'azurite/dist/src/blob/BlobServer.js' {
  interface BlobServer {
    start(): Promise<void>;
    /** Answers no more requests and writes what it holds to disk. */
    close(): Promise<void>;
    /** `http://127.0.0.1:10000`, once started. */
    getHttpServerAddress(): string;
  }
  const module: { default: new (configuration: object) => BlobServer };
  export default module;
}
declare module 'azurite/dist/src/queue/QueueServer.js' {
  interface QueueServer {
    start(): Promise<void>;
    close(): Promise<void>;
    getHttpServerAddress(): string;
  }
  const module: { default: new (configuration: object) => QueueServer };
  export default module;
}
declare module 'azurite/dist/src/common/Telemetry.js' {
  const module: {
    AzuriteTelemetryClient: { init(location: string, enabled: boolean): void };
  };
  export default module;
}
