import type { RequestParameters } from './parameters.ts';
import type { Tensor } from './tensor.ts';

/** An output that was asked for. */
export interface RequestedOutput {
  readonly name: string;
  readonly binary: boolean;
}

/** A request that fits its model's signature. */
export interface InferRequest {
  readonly id: string | undefined;
  /** In the signature's order. */
  readonly inputs: readonly Tensor[];
  /** In the order in which to answer. */
  readonly outputs: readonly RequestedOutput[];
  readonly parameters: RequestParameters;
}
