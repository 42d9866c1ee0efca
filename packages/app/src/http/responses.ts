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

export const describe = (codes: readonly ProblemCode[]): string =>
  codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join("\n\n");

/** What a route answers when all is well, and the problems that it may answer instead. */
export const answers = <T extends Readonly<Record<number, TSchema>>>(good: T, ...codes: ProblemCode[]): T => {
  const byStatus = Map.groupBy([...codes, ...ALWAYS], (code) => problems[code].status);
  const bad = [...byStatus].map(([status, group]) => [
    status,
    answer(ref(Problem), { description: describe(group), mediaType: PROBLEM_TYPE }),
  ]);
  return { ...good, ...Object.fromEntries(bad) };
};
