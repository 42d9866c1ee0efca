/** What becomes of messages whose expiry interval (MQTT 5) has passed before they are decided. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { EventData } from "@sluice/contracts";
import { isExpired, type ReceivedMessage, WrongExpectedVersion } from "@sluice/domain";
import { IngestFixture, messageOf } from "../support/ingest-fixture.ts";
import { ManualTime } from "../support/manual-time.ts";

const SECOND = 1_000;
const origin = { source: "mqtt", broker: "default" } as const;

describe("message expiry", () => {
  let time: ManualTime;
  let fixture: IngestFixture;

  beforeEach(async () => {
    time = new ManualTime();
    fixture = new IngestFixture({ clock: { now: time.now } });
    await fixture.start();
    await fixture.define({ code: "A", topic: "a/#", actions: [{ type: "STORE_DB" }] });
    await fixture.define({ code: "B", topic: "a/b", actions: [{ type: "STORE_DB" }] });
  });

  afterEach(() => fixture.stop());

  const expiring = (topic: string, seconds?: number): ReceivedMessage => ({
    ...messageOf(topic, '{"n":1}'),
    receivedAt: time.now(),
    ...(seconds === undefined ? {} : { properties: { messageExpiryInterval: seconds } }),
  });

  const told = async (code: string) =>
    (await fixture.events(code)).map(({ type, data }) =>
      type === "MessagesSkipped"
        ? [type, (data as EventData<"MessagesSkipped">).reason, (data as EventData<"MessagesSkipped">).count]
        : [type],
    );

  it("records in each flow that they were skipped, once a batch, and the others as ever", async () => {
    const messages = [expiring("a/b", 5), expiring("a/c", 5), expiring("a/b", 60), expiring("a/b")];
    time.advance(30 * SECOND);
    const { messageIds } = await fixture.pipeline.ingest(messages, origin);
    assert.deepEqual(
      messageIds.map((id) => id === null),
      [true, true, false, false],
    );
    const received = [["MessageReceived"], ["StoredAttribute"]];
    assert.deepEqual(await told("A"), [...received, ...received, ["MessagesSkipped", "expired", 2]]);
    assert.deepEqual(await told("B"), [...received, ...received, ["MessagesSkipped", "expired", 1]]);
    const skip = (await fixture.events("A")).at(-1)?.data as EventData<"MessagesSkipped">;
    assert.deepEqual(skip.topics, ["a/b", "a/c"]);
    assert.equal(fixture.registry.get("A")?.counters.skipped, 2);
    assert.equal(fixture.registry.get("A")?.counters.received, 2);
  });

  it("counts from the moment of receiving, and gives the second that whole seconds may hide", () => {
    const message = expiring("a/b", 5);
    for (const [ms, expired] of [
      [0, false],
      [5_999, false],
      [6_000, true],
      [-60_000, false],
    ] as const) {
      assert.equal(isExpired(message, message.receivedAt + ms), expired, `after ${ms} ms`);
    }
    assert.equal(isExpired(expiring("a/b", 4_294_967_295), time.now() + 3_600_000), false);
    assert.equal(isExpired(expiring("a/b"), Number.MAX_SAFE_INTEGER), false);
  });

  it("looks again when it has to decide again after the log was away", async () => {
    // One that it appends again as it is, one for which it decides again.
    let conflicts = 2;
    fixture.intercept = async (batch, append) => {
      if (conflicts-- <= 0) return await append(batch);
      time.advance(30 * SECOND);
      throw new WrongExpectedVersion("traffic-A", "none", 1);
    };
    await fixture.pipeline.ingest([expiring("a/c", 5)], origin);
    assert.deepEqual(await told("A"), [["MessagesSkipped", "expired", 1]]);
  });
});
