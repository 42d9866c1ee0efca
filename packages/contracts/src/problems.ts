/**
 * The problem catalogue (RFC 9457). A `code` is stable: programs may branch on it; titles and details are for people.
 * docs/problems.md is made from this list and checked against it.
 */
import { type Static, Type } from "typebox";
import { ValidationError } from "./events.ts";

export const problems = {
  "bad-request": {
    status: 400,
    title: "The request is not well-formed",
    help: "The body is not JSON, the address is not valid, or the request breaks HTTP's rules. `detail` says which.",
  },
  "bad-cursor": {
    status: 400,
    title: "The paging cursor is not one that this server gave out",
    help: "Use the `next` of a page of the same listing as `after`, as it is, or leave `after` out to begin anew.",
  },
  unauthorized: {
    status: 401,
    title: "A valid bearer token is needed",
    help:
      "Send `Authorization: Bearer <token>`: `ADMIN_TOKEN`, or else the one in `DATA_DIR/admin-token`, or one that " +
      "`sluice tokens create` made and that was neither revoked nor has expired.",
  },
  forbidden: {
    status: 403,
    title: "The token's role does not suffice for this",
    help: "`detail` says which role it takes. `sluice tokens create` makes a token of that role.",
  },
  "not-found": {
    status: 404,
    title: "There is nothing at this address",
    help: "`/documentation` lists every address.",
  },
  "flow-not-found": {
    status: 404,
    title: "No flow has this code",
    help: "Codes are case-sensitive. With `at`: the flow did not exist at that moment.",
  },
  "token-not-found": {
    status: 404,
    title: "No token has this name",
    help: "It was revoked already, or never made. `sluice tokens list` shows all.",
  },
  "message-not-found": {
    status: 404,
    title: "No message has this id",
    help: "Only messages that a flow recorded have an id; what no flow matched is counted and not recorded.",
  },
  "row-not-found": {
    status: 404,
    title: "No row has this id",
    help:
      "It is the `id` in the table `data`. Rows that were too old are gone, and a projection that was made anew has given " +
      "others: look for the row by its `event_id`.",
  },
  "dead-letter-not-found": {
    status: 404,
    title: "No dead letter has this id",
    help: "It was retried or discarded already, or never died. In an address the id must be percent-encoded.",
  },
  "checkpoint-not-found": {
    status: 404,
    title: "No checkpoint has been made yet",
    help: "`POST /api/v1/checkpoints` makes one.",
  },
  "replay-not-found": {
    status: 404,
    title: "No replay has this id",
    help: "`GET /api/v1/replays` lists them, those that have ended too.",
  },
  "method-not-allowed": {
    status: 405,
    title: "This address does not take this method",
    help: "The `Allow` header lists those that it takes.",
  },
  "request-timeout": {
    status: 408,
    title: "The request did not arrive in time",
    help: "The client opened a connection and did not send the whole request. Send it again.",
  },
  "flow-exists": {
    status: 409,
    title: "A flow with this code exists already",
    help: "Change it with `PUT /api/v1/flows/{code}`.",
  },
  "token-exists": {
    status: 409,
    title: "A token with this name exists already",
    help: "Its secret cannot be shown again: revoke it first, or take another name.",
  },
  "flow-conflict": {
    status: 409,
    title: "The flow was changed by someone else meanwhile",
    help: "Nothing was changed by this request. Read the flow and decide again.",
  },
  "precondition-failed": {
    status: 412,
    title: "The flow is not as the request's If-Match or If-None-Match says",
    help: "Nothing was changed. Read the flow, whose `ETag` is its version now, and decide again.",
  },
  "payload-too-large": {
    status: 413,
    title: "The request body is too large",
    help: "A body may have 1 MiB at the most.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The request body must be application/json",
    help: "Send `Content-Type: application/json`, in UTF-8.",
  },
  "bad-definition": {
    status: 422,
    title: "The flow definition has errors",
    help: "`errors` lists all of them, each with a JSON pointer into the body.",
  },
  "invalid-query": {
    status: 422,
    title: "The request has values that it cannot have",
    help: "`errors` lists them, each with a JSON pointer into the query (`/limit`) or the body.",
  },
  "too-many-readers": {
    status: 503,
    title: "As many as may read the live tail at once do",
    help: "Try again after `Retry-After` seconds, or read `GET /api/v1/events` from the last position on now and then.",
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    help:
      "Send the same request again after `Retry-After` seconds. `ADMIN_RATE_LIMIT` says how many a minute a token may " +
      "send; an address may fail to authenticate 30 times a minute.",
  },
  "headers-too-large": {
    status: 431,
    title: "The request's headers or its address are too large",
    help: "Together they may have 16 KiB. Long lists of ids belong in a body.",
  },
  "internal-error": {
    status: 500,
    title: "The server failed to answer",
    help: "This is a defect. The log has the error under the request id that `instance` ends with.",
  },
  "publish-failed": {
    status: 502,
    title: "The message was taken and will not be delivered",
    help: "`detail` says why: the broker does not take it, it expired, or it made room for one of a higher priority.",
  },
  "publish-queue-full": {
    status: 503,
    title: "The queue of messages to publish is full",
    help: "It holds nothing of a lower priority. The message was not taken. `GET /api/v1/publish` says what waits.",
  },
  "publish-unavailable": {
    status: 503,
    title: "Messages to publish cannot be stored at the moment",
    help: "The message was not taken: send the same request again. The log says what is wrong, a full disk for example.",
  },
  "log-unavailable": {
    status: 503,
    title: "The event log cannot be written or read at the moment",
    help: "Send the same request again after `Retry-After` seconds. `/health` says what is wrong.",
  },
  "seals-unavailable": {
    status: 503,
    title: "The seals of the event log cannot be used at the moment",
    help: "With `SEAL_LOG=false` nothing is sealed; else `/health` and the log say what is wrong. The event log goes on.",
  },
  "projection-unavailable": {
    status: 503,
    title: "The projection database cannot be reached at the moment",
    help: "Send the same request again after `Retry-After` seconds. Nothing is lost: the log has everything.",
  },
} as const satisfies Record<string, { status: number; title: string; help: string }>;

export type ProblemCode = keyof typeof problems;

export const Problem = Type.Object(
  {
    type: Type.String({ description: "urn:sluice:problem:<code>" }),
    code: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    instance: Type.Optional(Type.String({ description: "urn:sluice:request:<id>; the server's log has the same id." })),
    errors: Type.Optional(Type.Array(ValidationError)),
  },
  { $id: "Problem" },
);
export type Problem = Static<typeof Problem>;
