const swc = [
  '@swc/jest',
  {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs', ignoreDynamic: false },
  },
];

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: [
    '<rootDir>/functions',
    '<rootDir>/shared',
    '<rootDir>/local',
    '<rootDir>/cli',
    '<rootDir>/test',
    '<rootDir>/bench',
  ],
  transform: { '\\.ts$': swc },
  moduleFileExtensions: ['ts', 'mjs', 'js', 'json', 'node'],
  // Suites that need another program or many minutes have commands of their own (package.json).
  testPathIgnorePatterns: ['/node_modules/', ...(process.env.SUITE ? [] : ['/test/wide/'])],
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testTimeout: 300_000, // ends what hangs, on a busy machine too; it proves no speed
  slowTestThreshold: 0, // each suite says how long it took
  maxWorkers: 2,
};
