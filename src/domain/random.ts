/** A source of random numbers. The domain never owns one: it is handed in, so that a seed fixes every run. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Uniform integer in [0, bound). `bound` is a positive integer. */
  integer(bound: number): number;
}
