/** The answers of a route as its schema declares them. */
import { Problem, type ProblemCode, problems, ref } from "@sluice/contracts";
import type { TSchema } from "typebox";
import { PROBLEM_TYPE } from "./problems.ts";

interface AnswerOptions {
  readonly description: string;
  readonly mediaType?: string;
  /** Name → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const headersOf = (headers: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(headers).map(([name, says]) => [name, { type: "string", description: says }]));

/** One answer. Its type is that of its body, for the handler. */
export const answer = <T extends TSchema>(body: T, { description, mediaType, headers = {} }: AnswerOptions): T => {
  const declared = {
    description,
    headers: headersOf(headers),
    content: { [mediaType ?? "application/json"]: { schema: body } },
  };
  return declared as unknown as T;
};

/** Any route may answer these. */
const ALWAYS: readonly ProblemCode[] = ["bad-request", "internal-error"];

const describe = (codes: readonly ProblemCode[]): string =>
  codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join("\n\n");

const RETRY_AFTER = { "Retry-After": "Seconds after which to ask again, where that is known." };
const problemHeaders: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { "WWW-Authenticate": "How to ask instead (RFC 6750)." },
  429: RETRY_AFTER,
  503: RETRY_AFTER,
};

/** Answers that are problems, by their status. */
export const problemAnswers = (codes: readonly ProblemCode[]): Readonly<Record<string, TSchema>> => {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const headers = problemHeaders[status] ?? {};
      return [status, answer(ref(Problem), { description: describe(group), mediaType: PROBLEM_TYPE, headers })];
    }),
  );
};

/** What a route answers when all is well, and the problems that it may answer instead. */
export const answers = <T extends Readonly<Record<number, TSchema>>>(good: T, ...codes: ProblemCode[]): T => {
  return { ...good, ...problemAnswers([...codes, ...ALWAYS]) };
};
