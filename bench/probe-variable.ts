/** Set in the environment of the one process that the probe is to answer in. */
export const PROBE_VARIABLE = 'PILOTLIGHT_BENCH_PROBE';
