/** Requests that are well-formed, and that the state of things forbids. */
import { FLOW, type Request, SWITCHED } from "./world.ts";

export interface Provocation {
  readonly operation: string;
  /** As `nameOf` has it. */
  readonly answer: string;
  /** @param good a good request of the operation */
  request(good: Request): Request;
}

const elsewhere = { "if-match": '"9999"' };
const changes = ["putFlow", "retireFlow", "enableFlow", "disableFlow", "rollbackFlow"];

const withBody =
  (members: object) =>
  (good: Request): Request => ({ ...good, body: { ...(good.body as object), ...members } });

export const provocations: readonly Provocation[] = [
  ...changes.map((operation) => ({
    operation,
    answer: "412 precondition-failed",
    request: (good: Request) => ({ ...good, headers: elsewhere }),
  })),
  { operation: "createFlow", answer: "409 flow-exists", request: withBody({ code: FLOW }) },
  {
    operation: "putFlow",
    answer: "200",
    request: (good) => ({ ...good, path: { code: SWITCHED }, body: { ...(good.body as object), code: SWITCHED } }),
  },
  { operation: "getFlow", answer: "304", request: (good) => ({ ...good, headers: { "if-none-match": "*" } }) },
  { operation: "rollbackFlow", answer: "422 invalid-query", request: withBody({ version: 9_999 }) },
  { operation: "createToken", answer: "409 token-exists", request: withBody({ name: "contract-viewer" }) },
  { operation: "publish", answer: "202", request: withBody({ wait: false }) },
  { operation: "requestReplay", answer: "404 flow-not-found", request: withBody({ flow: "NOT_THERE" }) },
  {
    operation: "requestReplay",
    answer: "422 bad-definition",
    request: withBody({
      kind: "what-if",
      definition: { code: FLOW, topic: "a/#/b", actions: [{ type: "STORE_DB" }] },
    }),
  },
  {
    operation: "metrics",
    answer: "401 unauthorized",
    request: (good) => ({ ...good, token: null, headers: { "x-forwarded-for": "192.0.2.1" } }),
  },
];
