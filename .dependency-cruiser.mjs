/** The layers of docs/architecture.md, as rules. Tests may reach across. */
const tests = '\\.test\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'pure-rules',
      comment:
        'Protocol, inference, registry and telemetry rules do no I/O: they are tested and reasoned about alone.',
      severity: 'error',
      from: {
        path: '^shared/(protocol|inference|registry|graph|evaluation|batch|telemetry|rollout|drops)/',
        pathNot: tests,
      },
      to: {
        path: '^(functions|local|shared/(adapters|usecases|compose|config))|^node_modules/(@azure|onnxruntime)|^(fs|net|http|child_process|worker_threads|node:fs|node:net|node:http|node:child_process|node:worker_threads)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'usecases-know-ports-only',
      comment:
        'A use case is the order of steps; which cloud or runtime carries them out is compose.ts’s choice.',
      severity: 'error',
      from: { path: '^shared/usecases/', pathNot: tests },
      to: { path: '^(functions|local|shared/adapters)|^node_modules/(@azure|onnxruntime)' },
    },
    {
      name: 'shared-knows-no-host',
      comment: 'The same code runs under Azure Functions and under the local host.',
      severity: 'error',
      from: { path: '^shared/', pathNot: tests },
      to: { path: '^(functions|local)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'functions-know-no-adapter',
      comment: 'Handlers get an App; only compose.ts chooses adapters.',
      severity: 'error',
      from: { path: '^functions/', pathNot: tests },
      to: { path: '^(local|shared/adapters)/' },
    },
    {
      name: 'azure-functions-only-in-main',
      comment: 'Handlers run on any host; @azure/functions exists on one of them.',
      severity: 'error',
      from: { path: '.', pathNot: ['^functions/main\\.ts$', tests] },
      to: { path: '^node_modules/@azure/functions/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'cli-knows-http-only',
      comment:
        'The command line works against any server of this interface: it sees what every client sees.',
      severity: 'error',
      from: { path: '^cli/', pathNot: tests },
      to: { path: '^(functions|shared|local|test|bench)/|^node_modules/(@azure|onnxruntime)' },
    },
    {
      name: 'nothing-needs-the-cli',
      comment: 'What is deployed must not carry a client.',
      severity: 'error',
      from: { path: '^(functions|shared|local)/' },
      to: { path: '^cli/' },
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one idea.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment:
        'An import that nothing answers fails on Azure at load, and takes every function with it.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^@azure/functions-core$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // Subpaths such as `@bufbuild/protobuf/codegenv2` are told by `exports` alone.
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
