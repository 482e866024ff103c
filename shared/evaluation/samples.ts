/** Resampled figures, by figure. */
export type Samples<Name extends string> = Readonly<Record<Name, Float64Array>>;

/** Room for so many samples of each figure. */
export function room<Name extends string>(names: readonly Name[], samples: number): Samples<Name> {
  const entries = names.map((name) => [name, new Float64Array(samples)] as const);
  return Object.fromEntries(entries) as Record<Name, Float64Array>;
}

export function keep<Name extends string>(
  samples: Samples<Name>,
  resample: number,
  figures: Readonly<Record<Name, number>>,
): void {
  for (const name of Object.keys(samples) as Name[]) samples[name][resample] = figures[name];
}
