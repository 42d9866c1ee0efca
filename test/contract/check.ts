/** Holds an answer against the document: status, headers, media type and body. */
import assert from "node:assert/strict";
import { problems } from "@sluice/contracts";
import type { ApiDocument, DocumentedAnswer, Operation } from "./document.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Headers whose description says when they are absent. */
const SOMETIMES = /where that is known|absent/;

const PROBLEM = "application/problem+json";

const mediaTypeOf = ({ headers }: Answer): string => (headers.get("content-type") ?? "").split(";", 1)[0] as string;

/**
 * @param what the request, for the message
 * @returns the code of the problem that it is; null when it is none
 */
export const checkAnswer = (
  document: ApiDocument,
  operation: Operation,
  answer: Answer,
  what: string,
): string | null => {
  const { status, headers, text } = answer;
  const where = `${operation.operationId}, ${what}: ${status} ${text.slice(0, 500)}`;
  const declared = checkHead(operation, answer, where);
  const [declaredType, content] = Object.entries(declared.content ?? {})[0] ?? [];
  if (declaredType === undefined || content === undefined) {
    assert.equal(text, "", `${where}\nhas a body that the document does not have`);
    return null;
  }
  const mediaType = mediaTypeOf(answer);
  assert.equal(mediaType, declaredType, where);
  if (!mediaType.includes("json")) return null;
  const body: unknown = JSON.parse(text);
  assert.deepEqual(document.errorsOfAnswer(content.schema, body), [], where);
  if (mediaType !== PROBLEM) return null;
  const code = checkProblem(body, status, where);
  assert.ok(declared.description.includes(`\`${code}\``), `${where}\nis a problem that the document does not have`);
  if (status === 401) assert.match(headers.get("www-authenticate") ?? "", /^Bearer /, where);
  if (status === 429) assert.match(headers.get("retry-after") ?? "", /^\d+$/, where);
  return code;
};

/** As `checkAnswer`, of any address: one that the document does not have may only be refused. */
export const checkExchange = (document: ApiDocument, method: string, url: string, answer: Answer): void => {
  const what = `${method} ${url}`;
  const operation = document.find(method, url);
  const { status } = answer;
  if (operation !== undefined) {
    if (method === "HEAD") checkHead(operation, answer, `${what}: ${status}`);
    else checkAnswer(document, operation, answer, what);
    return;
  }
  const isPage = (url.split("?", 1)[0] as string).startsWith("/documentation");
  assert.ok(isPage || [400, 401, 404, 405].includes(status), `${what}: ${status}, and the document does not have it`);
  assert.ok(answer.headers.get("x-request-id"), what);
  if (status < 400 || method === "HEAD" || mediaTypeOf(answer) === "application/json") return;
  assert.equal(mediaTypeOf(answer), PROBLEM, what);
  checkProblem(JSON.parse(answer.text), status, what);
};

/** @returns the answer that the document has of this status */
const checkHead = ({ answers }: Operation, { status, headers }: Answer, where: string): DocumentedAnswer => {
  const declared = answers[status];
  assert.ok(declared, `${where}\nis a status that the document does not have`);
  assert.ok(headers.get("x-request-id"), where);
  for (const [name, { description }] of Object.entries(declared.headers ?? {})) {
    if (!SOMETIMES.test(`${description}`)) assert.ok(headers.get(name), `${where}\nhas no ${name}`);
  }
  return declared;
};

const checkProblem = (body: unknown, status: number, where: string): string => {
  const problem = body as { readonly [name in "code" | "title" | "type"]: string } & { readonly status: number };
  const known = problems[problem.code as keyof typeof problems];
  assert.deepEqual(
    [problem.status, problem.title, problem.type],
    [status, known?.title, `urn:sluice:problem:${problem.code}`],
    where,
  );
  return problem.code;
};
