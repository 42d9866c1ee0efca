/**
 * The problem catalogue (RFC 9457). A `code` is stable: programs may branch on it; titles and details are for people.
 * docs/problems.md is made from this list and checked against it.
 */
import { type Static, Type } from "typebox";
import { ValidationError } from "./events.ts";

export const problems = {
  "bad-request": { status: 400, title: "The request is not well-formed" },
  "bad-cursor": { status: 400, title: "The paging cursor is not one that this server gave out" },
  unauthorized: { status: 401, title: "A valid bearer token is needed" },
  "not-found": { status: 404, title: "There is nothing at this address" },
  "flow-not-found": { status: 404, title: "No flow has this code" },
  "message-not-found": { status: 404, title: "No message has this id" },
  "method-not-allowed": { status: 405, title: "This address does not take this method" },
  "flow-exists": { status: 409, title: "A flow with this code exists already" },
  "flow-conflict": { status: 409, title: "The flow was changed by someone else meanwhile" },
  "precondition-failed": { status: 412, title: "The flow's ETag is not the one that If-Match names" },
  "payload-too-large": { status: 413, title: "The request body is too large" },
  "unsupported-media-type": { status: 415, title: "The request body must be application/json" },
  "bad-definition": { status: 422, title: "The flow definition has errors" },
  "invalid-query": { status: 422, title: "The request has values that are out of range" },
  "internal-error": { status: 500, title: "The server failed to answer" },
  "log-unavailable": { status: 503, title: "The event log cannot be written or read at the moment" },
  "projection-unavailable": { status: 503, title: "The projection database cannot be reached at the moment" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export const Problem = Type.Object(
  {
    type: Type.String({ description: "urn:sluice:problem:<code>" }),
    code: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String()),
    errors: Type.Optional(Type.Array(ValidationError)),
  },
  { $id: "Problem" },
);
export type Problem = Static<typeof Problem>;
