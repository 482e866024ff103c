import * as z from 'zod';
import type { Version } from '../shared/ids.ts';

/** A version in a JSON body: written as a string, as answers do; a number does too. */
export const versionInBody = z
  .union([z.string(), z.number()], 'expected a version, as in "3"')
  .transform(String)
  .refine((text) => /^[1-9][0-9]{0,14}$/.test(text), 'expected a positive integer, as in "3"')
  .transform((text) => Number(text) as Version);
