/** From an error to a problem (RFC 9457) of the catalogue: the only place where errors become status codes. */
import { type Problem, type ProblemCode, problems, type ValidationError } from "@sluice/contracts";
import {
  BadCursor,
  EventStoreUnavailable,
  FlowExists,
  FlowNotFound,
  FlowSourceUnavailable,
  InvalidPublish,
  ProjectionUnavailable,
  PublisherUnavailable,
  QueueUnavailable,
  TokenExists,
  TokenNotFound,
} from "@sluice/domain";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { withoutTokens } from "../access/token-secret.ts";
import { BadEdit } from "../deadletters/letter-edit.ts";
import { FlowConflict } from "../flows/flow-registry.ts";
import { BadSample } from "../flows/flow-tester.ts";
import { SealsUnavailable } from "../integrity/checkpoint-service.ts";
import { UnknownBroker } from "../publishing/publishers.ts";

export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly ValidationError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A problem that a route has found itself. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly code: ProblemCode;
  readonly details: ProblemDetails;
  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    super(details.detail ?? problems[code].title);
    this.code = code;
    this.details = details;
  }
}

/** Values that the request cannot have; pointers are into the query or the body. */
export const invalidQuery = (...errors: readonly ValidationError[]): HttpProblem =>
  new HttpProblem("invalid-query", { errors });

/** Seconds after which an attempt may succeed, so that clients neither hammer nor sleep. */
const RETRY_AFTER = { "retry-after": "2" };

const fastifyCodes: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "payload-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported-media-type",
};

export const problemOf = (error: unknown): HttpProblem => {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof Error)) return new HttpProblem("internal-error");
  const detail = error.message;
  if (error instanceof FlowExists) return new HttpProblem("flow-exists", { detail });
  if (error instanceof FlowNotFound) return new HttpProblem("flow-not-found", { detail });
  if (error instanceof FlowConflict) return new HttpProblem("flow-conflict", { detail });
  if (error instanceof TokenExists) return new HttpProblem("token-exists", { detail });
  if (error instanceof TokenNotFound) return new HttpProblem("token-not-found", { detail });
  if (error instanceof BadSample) return invalidQuery(...error.errors);
  if (error instanceof BadEdit) return invalidQuery(...error.errors);
  if (error instanceof InvalidPublish) return invalidQuery(...error.errors);
  if (error instanceof UnknownBroker) return invalidQuery({ pointer: "/broker", keyword: "enum", message: detail });
  if (error instanceof PublisherUnavailable || error instanceof QueueUnavailable)
    return new HttpProblem("publish-unavailable", { headers: RETRY_AFTER });
  if (error instanceof BadCursor) return new HttpProblem("bad-cursor");
  // Their messages name files and servers, which are no business of whoever asks.
  if (error instanceof EventStoreUnavailable) return new HttpProblem("log-unavailable", { headers: RETRY_AFTER });
  if (error instanceof SealsUnavailable) return new HttpProblem("seals-unavailable", { headers: RETRY_AFTER });
  if (error instanceof ProjectionUnavailable || error instanceof FlowSourceUnavailable)
    return new HttpProblem("projection-unavailable", { headers: RETRY_AFTER });
  const { code, statusCode = 500 } = error as FastifyError;
  const known = fastifyCodes[code];
  if (known !== undefined) return new HttpProblem(known, { detail });
  return statusCode >= 400 && statusCode < 500
    ? new HttpProblem("bad-request", { detail })
    : new HttpProblem("internal-error");
};

export const problemBody = ({ code, details }: HttpProblem, requestId: string): Problem => ({
  type: `urn:sluice:problem:${code}`,
  code,
  title: problems[code].title,
  status: problems[code].status,
  ...(details.detail === undefined ? {} : { detail: details.detail }),
  instance: `urn:sluice:request:${requestId}`,
  ...(details.errors === undefined ? {} : { errors: [...details.errors] }),
});

export const PROBLEM_TYPE = "application/problem+json";

export const sendProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const problem = problemOf(error);
  const { status } = problems[problem.code];
  if (status === 500) request.log.error({ err: error }, "request failed");
  else if (status > 500) request.log.warn({ err: error }, "request cannot be answered at the moment");
  return (
    reply
      .code(status)
      .headers({ "x-request-id": request.id, ...problem.details.headers })
      .type(PROBLEM_TYPE)
      // What was wrong may be quoted, and may be a token in the wrong place.
      .send(withoutTokens(JSON.stringify(problemBody(problem, request.id))))
  );
};
