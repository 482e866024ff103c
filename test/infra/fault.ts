import type { Expectation } from './expectations.ts';

/** Its name, who notices it, and which piece of which file is put otherwise, or left out. */
export type Fault = [
  name: string,
  expectation: Expectation,
  file: string,
  piece: RegExp | string,
  instead?: string,
];
