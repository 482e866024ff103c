import { name, version } from '../package.json';
import { json } from './answer.ts';
import type { HttpFunction } from './trigger.ts';

/** What this server can beyond the Open Inference Protocol's core, named as Triton names it. */
const EXTENSIONS = [
  'binary_tensor_data',
  'statistics',
  'schedule_policy',
  'parameters',
  'model_configuration',
  'model_repository',
];

export const serverMetadataFunction: HttpFunction = {
  kind: 'http',
  name: 'server-metadata',
  route: 'v2',
  methods: ['GET'],
  access: 'Scorer',
  handler: () => Promise.resolve(json(200, { name, version, extensions: EXTENSIONS })),
};
