/** For callers to whom an answer that is not a good one is an exception. */
import type { components } from "./api.generated.ts";

type Problem = components["schemas"]["Problem"];

export class ProblemError extends Error {
  override readonly name = "ProblemError";
  /** HTTP status. */
  readonly status: number;
  /** Null: what answered is no Sluice gateway, such as a proxy before it. */
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem === null ? `answered ${status}` : `${problem.code}: ${problem.detail ?? problem.title}`);
    this.status = status;
    this.problem = problem;
  }
}

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && "code" in body && "title" in body;

/**
 * The body of a 2xx answer; undefined where it has none.
 * @throws ProblemError
 */
export const dataOf = <T>(answer: {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: { readonly ok: boolean; readonly status: number };
}): T => {
  if (answer.response.ok) return answer.data as T;
  throw new ProblemError(answer.response.status, isProblem(answer.error) ? answer.error : null);
};
