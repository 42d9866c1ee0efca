/**
 * Conditional requests (RFC 9110, section 13). A flow's entity tag is the version of its definition and state. It does
 * not change with the counters, which no request can set.
 */
import type { FastifyRequest } from "fastify";
import { HttpProblem } from "./problems.ts";

export const etagOf = (version: number): string => `"${version}"`;

const tagsOf = (header: string): readonly string[] => header.match(/(?:W\/)?"[^"]*"/g) ?? [];

type Headers = Pick<FastifyRequest, "headers">["headers"];

/** Strong comparison, section 13.1.1: a weak tag never matches. */
const ifMatchHolds = (header: string, version: number | null): boolean =>
  version !== null && (header.trim() === "*" || tagsOf(header).includes(etagOf(version)));

/** Weak comparison, section 13.1.2. */
const ifNoneMatchHolds = (header: string, version: number | null): boolean =>
  version === null ||
  (header.trim() !== "*" && !tagsOf(header).some((tag) => tag.replace(/^W\//, "") === etagOf(version)));

export const isConditional = ({ "if-match": ifMatch, "if-none-match": ifNoneMatch }: Headers): boolean =>
  ifMatch !== undefined || ifNoneMatch !== undefined;

export const preconditionFailed = (detail: string): HttpProblem => new HttpProblem("precondition-failed", { detail });

/**
 * Before a change.
 * @param version null: there is no such flow
 * @throws HttpProblem `precondition-failed`
 */
export const checkPreconditions = (headers: Headers, version: number | null): void => {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = headers;
  const now = version === null ? "there is no such flow" : `the flow is at version ${etagOf(version)}`;
  if (ifMatch !== undefined && !ifMatchHolds(ifMatch, version)) {
    throw preconditionFailed(`${now}, and If-Match says ${ifMatch}`);
  }
  if (ifNoneMatch !== undefined && !ifNoneMatchHolds(ifNoneMatch, version)) {
    throw preconditionFailed(`${now}, and If-None-Match says ${ifNoneMatch}`);
  }
};

/** Whether to answer a reading request with 304. */
export const isUnchanged = ({ "if-none-match": ifNoneMatch }: Headers, version: number): boolean =>
  ifNoneMatch !== undefined && !ifNoneMatchHolds(ifNoneMatch, version);
