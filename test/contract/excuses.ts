/** Answers that the contract test does not provoke, each with the reason. One that it does provoke may not be here. */
import type { Operation } from "./document.ts";

export interface Excuse {
  /** Its status, and a problem's code. */
  readonly answer: string;
  readonly of: readonly string[] | ((operation: Operation) => boolean);
  readonly why: string;
}

const every = (): boolean => true;

export const excuses: readonly Excuse[] = [
  { answer: "500 internal-error", of: every, why: "It is a defect: none is known." },
  {
    answer: "400 bad-request",
    of: ({ body }) => body === null,
    why: "Without a body only HTTP's parser says it, before it knows the operation: test/http-api/problems.test.ts.",
  },
  {
    answer: "503",
    of: ["ready", "health"],
    why: "It takes a broker that is away, or a log that is lost while there is no spool: test/e2e/broker-security.test.ts.",
  },
  {
    answer: "409 flow-conflict",
    of: ["createFlow", "putFlow", "retireFlow", "enableFlow", "disableFlow", "rollbackFlow"],
    why: "It takes another gateway on the same log that changes the flow at the same instant: test/http-api/problems.test.ts.",
  },
  {
    answer: "422 bad-definition",
    of: ["rollbackFlow"],
    why: "It takes a definition that was good when it was recorded and is not any more, as after a change of settings.",
  },
  {
    answer: "502 publish-failed",
    of: ["publish"],
    why: "It takes a broker that refuses a message: test/http-api/problems.test.ts.",
  },
  {
    answer: "503 publish-queue-full",
    of: ["publish"],
    why: "It takes a queue that is full of what cannot go out: test/publisher/gateway.test.ts.",
  },
  {
    answer: "503 publish-unavailable",
    of: ["publish", "publishStatus"],
    why: "It takes a full disk, or a gateway that is stopping: test/http-api/problems.test.ts.",
  },
];
