/**
 * What an exchange means for the delivery.
 *
 * | what came                                  | outcome   | unreachable |
 * |--------------------------------------------|-----------|-------------|
 * | 2xx with its whole body, or 64 KiB of it   | delivered |             |
 * | 2xx whose body broke off or did not end    | retry     | yes         |
 * | 408, 425, 429                              | retry     | no          |
 * | 502, 503, 504, 511                         | retry     | yes         |
 * | any other 5xx                              | retry     | no          |
 * | 3xx, any other 4xx, anything else          | refused   |             |
 * | no connection, no name, TLS failure, reset, no HTTP, timeout | retry | yes |
 * | cancelled, stopped                         | retry     | no          |
 * | a URL or header that cannot be sent        | refused   |             |
 * | an address to which nothing may be sent    | refused   |             |
 *
 * Unreachable is what a circuit breaker is to count: nobody at home, or a proxy that says so (RFC 9110 §15.6.3 to 5,
 * RFC 6585 §6). A 500 may be about this one message and must not stop the others. 501 and 505 are retried too,
 * though RFC 9110 calls them lasting: gateways answer them while a service is being deployed, and a needless
 * retry costs less than a delivery given up.
 *
 * Reasons are written from codes, never from texts that the endpoint or the flow chose: no header value, no
 * credential, no path.
 */
import { STATUS_CODES } from "node:http";
import type { EndpointOutcome } from "@sluice/domain";
import type { AnswerHeaders, Exchange } from "./client.ts";
import { EndpointBlocked } from "./guard/endpoint-guard.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** An outcome but for the time that it took. */
export type Verdict = EndpointOutcome extends infer T
  ? T extends EndpointOutcome
    ? Omit<T, "latencyMs">
    : never
  : never;

const RETRIED = new Set([408, 425, 429]);
const UNREACHABLE = new Set([502, 503, 504, 511]);

const header = (headers: AnswerHeaders | undefined, name: string): string | undefined => [headers?.[name]].flat()[0];

const describeStatus = (status: number): string => {
  const phrase = STATUS_CODES[status];
  return phrase === undefined ? `answered ${status}` : `answered ${status} ${phrase}`;
};

const describeRedirect = (headers: AnswerHeaders | undefined, url: string): string => {
  const location = header(headers, "location");
  const target = location === undefined ? null : URL.parse(location, url);
  return target === null ? "" : `, a redirect to ${target.host || "elsewhere"}, which is not followed`;
};

export interface JudgeContext {
  readonly url: string;
  readonly timeoutMs: number;
  /** ms since the epoch. */
  readonly now: number;
  readonly maxRetryAfterMs: number;
}

const judgeStatus = (status: number, headers: AnswerHeaders | undefined, context: JudgeContext): Verdict => {
  if (status >= 200 && status < 300) return { kind: "delivered", status };
  const reason = describeStatus(status);
  if (RETRIED.has(status) || (status >= 500 && status < 600)) {
    const asked = header(headers, "retry-after");
    const retryAfterMs = asked === undefined ? undefined : parseRetryAfter(asked, context.now, context.maxRetryAfterMs);
    return {
      kind: "retry",
      status,
      reason,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      unreachable: UNREACHABLE.has(status),
    };
  }
  const redirect = status >= 300 && status < 400 ? describeRedirect(headers, context.url) : "";
  return { kind: "refused", status, reason: reason + redirect };
};

/** Why an attempt was ended from this side. */
export class Ended extends Error {
  override readonly name = "Ended";
  readonly by: "timeout" | "caller" | "stop";
  constructor(by: Ended["by"]) {
    super(by);
    this.by = by;
  }
}

const missedInPhase: Readonly<Record<Exchange["phase"], string>> = {
  waiting: "no connection",
  sent: "no answer",
  answered: "no end of the answer",
  complete: "nothing",
};

const judgeEnd = (by: Ended["by"], phase: Exchange["phase"], timeoutMs: number): Verdict => {
  switch (by) {
    case "timeout":
      return { kind: "retry", reason: `${missedInPhase[phase]} within ${timeoutMs} ms`, unreachable: true };
    case "caller":
      return { kind: "retry", reason: "the attempt was cancelled", unreachable: false };
    case "stop":
      return { kind: "retry", reason: "the gateway is stopped", unreachable: false };
  }
};

const descriptions: readonly [code: RegExp, description: string][] = [
  [/^ECONNREFUSED$/, "connection refused"],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, "the connection was closed before the answer was complete"],
  [/^(ENOTFOUND|EAI_\w+)$/, "the host's name cannot be resolved"],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, "there is no route to the host"],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, "no connection could be opened in time"],
  [/^(HTTPParserError|UND_ERR_HEADERS_OVERFLOW)$/, "the answer is not HTTP as it should be"],
  [/^UND_ERR_RES_CONTENT_LENGTH_MISMATCH$/, "the answer is not as long as announced"],
  [/CERT|SELF_SIGNED|UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_CA$/, "the endpoint's TLS certificate is not trusted"],
  [/^(ERR_SSL|ERR_TLS|EPROTO)/, "TLS failed"],
];

const codeOf = (error: unknown): string => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === "string") return code;
    // undici 8.12 means to give it a code and does not
    if (cause.name === "HTTPParserError") return cause.name;
    if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  }
  return "unknown";
};

/** What undici says before anything is sent: the request is at fault. Its texts name headers, never their values. */
const CANNOT_BE_SENT = new Set(["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED", "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH"]);

const judgeFailure = (error: unknown): Verdict => {
  if (error instanceof EndpointBlocked) return { kind: "refused", reason: `the endpoint is blocked: ${error.message}` };
  const code = codeOf(error);
  if (CANNOT_BE_SENT.has(code)) {
    return { kind: "refused", reason: `the request cannot be sent: ${(error as Error).message}` };
  }
  const description = descriptions.find(([pattern]) => pattern.test(code))?.[1] ?? "the request failed";
  return { kind: "retry", reason: `${description} (${code})`, unreachable: true };
};

export const judge = (exchange: Exchange, context: JudgeContext): Verdict => {
  const { phase, status, headers, error } = exchange;
  if (status !== undefined) {
    const verdict = judgeStatus(status, headers, context);
    // the status alone decides, but for a success that was not told to its end (RFC 9112 §8)
    if (phase === "complete" || verdict.kind !== "delivered") return verdict;
  }
  const failure = error instanceof Ended ? judgeEnd(error.by, phase, context.timeoutMs) : judgeFailure(error);
  return status === undefined ? failure : ({ ...failure, status } as Verdict);
};
