/** Holds an answer against the document: status, headers, media type and body. */
import assert from "node:assert/strict";
import type { ApiDocument, Operation } from "./document.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A header that says when to come back is only sent where that is known. */
const SOMETIMES = new Set(["retry-after"]);

const PROBLEM = "application/problem+json";

/** @param what the request, for the message */
export const checkAnswer = (document: ApiDocument, operation: Operation, answer: Answer, what: string): void => {
  const { status, headers, text } = answer;
  const where = `${operation.operationId}, ${what}: ${status} ${text.slice(0, 500)}`;
  assert.ok(status < 500, where);
  const declared = operation.answers[status];
  assert.ok(declared, `${where}\nis a status that the document does not have`);
  assert.ok(headers.get("x-request-id"), where);
  for (const name of Object.keys(declared.headers ?? {})) {
    if (!SOMETIMES.has(name.toLowerCase())) assert.ok(headers.get(name), `${where}\nhas no ${name}`);
  }
  if (status === 401) assert.match(headers.get("www-authenticate") ?? "", /^Bearer /, where);
  if (status === 429) assert.match(headers.get("retry-after") ?? "", /^\d+$/, where);

  const [declaredType, content] = Object.entries(declared.content ?? {})[0] ?? [];
  if (declaredType === undefined || content === undefined) {
    assert.equal(text, "", `${where}\nhas a body that the document does not have`);
    return;
  }
  const mediaType = (headers.get("content-type") ?? "").split(";", 1)[0] as string;
  assert.equal(mediaType, declaredType, where);
  if (!mediaType.includes("json")) return;
  const body: unknown = JSON.parse(text);
  assert.deepEqual(document.errors(content.schema, body), [], where);
  if (mediaType !== PROBLEM) return;
  const problem = body as { readonly code: string; readonly status: number };
  assert.equal(problem.status, status, where);
  assert.ok(
    declared.description.includes(`\`${problem.code}\``),
    `${where}\nis a problem that the document does not have`,
  );
};
