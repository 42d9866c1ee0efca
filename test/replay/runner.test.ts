/** The runner while the log is away. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { ReplayBook, ReplayRunner, systemClock } from "@sluice/app";
import type { ReplayOrder } from "@sluice/contracts";
import { type EventStore, EventStoreUnavailable, RebuildImpossible } from "@sluice/domain";
import { pino } from "pino";
import { eventually } from "../support/gateway-process.ts";
import { IngestFixture } from "../support/ingest-fixture.ts";

const order: ReplayOrder = { kind: "rebuild", compareOnly: true, messagesPerSecond: 1, until: "1" };

it("a failed replay that was cancelled before the log could take its failure holds up no other", async (t) => {
  const fixture = new IngestFixture();
  await fixture.start();
  t.after(() => fixture.stop());
  let refused = 0;
  const store: EventStore = new Proxy(fixture.store, {
    get: (target, property) => {
      if (property !== "append") return Reflect.get(target, property).bind(target);
      return async () => {
        refused += 1;
        throw new EventStoreUnavailable("away");
      };
    },
  });
  const book = new ReplayBook();
  const at = { recordedAt: "2026-03-10T12:00:00.000Z", metadata: {} };
  const [first, second] = ["01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"] as const;
  for (const replay of [first, second]) book.take([{ type: "ReplayRequested", data: { replay, order }, ...at }]);
  const begun: string[] = [];
  const runner = new ReplayRunner({
    ...{ store, book, clock: systemClock, log: pino({ level: "silent" }) },
    lease: { hold: async () => ({ lost: new Promise(() => {}), release: async () => {} }) },
    lanes: [
      {
        jobs: {
          rebuild: {
            resumes: false,
            run: async ({ id }) => {
              begun.push(id);
              throw new RebuildImpossible("so it is");
            },
          },
        },
      },
    ],
  });
  runner.start();
  await eventually(() => refused > 0, "its failure is to be said");
  book.take([{ type: "ReplayCancelled", data: { replay: first }, ...at }]);
  await eventually(() => begun.includes(second), "the next one begins");
  await runner.stop();
  assert.deepEqual(begun, [first, second]);
});
