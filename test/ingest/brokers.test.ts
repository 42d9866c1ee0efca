/** Which broker's messages are a flow's, and what a batch that cannot be decided does to the others. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ReceivedMessage } from "@sluice/domain";
import { IngestFixture, messageOf } from "../support/ingest-fixture.ts";

describe("flows and brokers", () => {
  let fixture: IngestFixture;

  beforeEach(async () => {
    fixture = new IngestFixture();
    await fixture.start();
    const flow = { topic: "a", actions: [{ type: "STORE_DB" as const }] };
    await fixture.define({ ...flow, code: "DEFAULT" });
    await fixture.define({ ...flow, code: "NORTH", broker: "north" });
    await fixture.define({ ...flow, code: "EVERY", broker: "*", qos: 2 });
  });

  afterEach(() => fixture.stop());

  const brokersOf = async (code: string): Promise<string[]> =>
    (await fixture.events(code)).flatMap((event) => (event.type === "MessageReceived" ? [event.data.broker] : []));

  it("gives a flow its broker's messages, and a flow of every broker all of them", async () => {
    for (const broker of ["default", "north", "south"]) {
      await fixture.pipeline.ingest([messageOf("a", '{"n":1}')], { source: "mqtt", broker });
    }
    assert.deepEqual(await brokersOf("DEFAULT"), ["default"]);
    assert.deepEqual(await brokersOf("NORTH"), ["north"]);
    assert.deepEqual(await brokersOf("EVERY"), ["default", "north", "south"]);
  });

  it("subscribes at each broker to what its flows want", () => {
    const wanted = (broker: string) => fixture.registry.subscriptions(broker).map(({ qos }) => qos);
    assert.deepEqual(wanted("default").sort(), [1, 2]);
    assert.deepEqual(wanted("north").sort(), [1, 2]);
    assert.deepEqual(wanted("south"), [2]);
  });

  it("gives a copy for a shared subscription to its flows alone, and the others' copy to the others", async () => {
    const shared = { topic: "$share/g/a", actions: [{ type: "STORE_DB" as const }] };
    await fixture.define({ ...shared, code: "SHARED" });
    await fixture.define({ ...shared, code: "SHARED_AGAIN" });
    await fixture.define({ ...shared, code: "OTHER_GROUP", topic: "$share/h/+" });
    const copies: (ReceivedMessage["copyFor"] | "untold")[] = [
      { plain: true, shared: [] },
      { plain: false, shared: ["$share/g/a"] },
      { plain: true, shared: ["$share/h/+"] },
      { plain: false, shared: [] },
      "untold",
    ];
    const messages = copies.map((copyFor, index) => ({
      ...messageOf("a", `{"n":${index}}`),
      ...(copyFor === "untold" ? {} : { copyFor }),
    })) as ReceivedMessage[];
    const { messageIds } = await fixture.pipeline.ingest(messages, { source: "mqtt", broker: "default" });
    assert.deepEqual(
      messageIds.map((id) => id === null),
      [false, false, false, true, false],
    );
    const payloadsOf = async (code: string) =>
      (await fixture.events(code)).flatMap((event) =>
        event.type === "MessageReceived" ? [JSON.parse(event.data.payload.data).n] : [],
      );
    assert.deepEqual(await payloadsOf("DEFAULT"), [0, 2, 4]);
    assert.deepEqual(await payloadsOf("SHARED"), [1, 4]);
    assert.deepEqual(await payloadsOf("SHARED_AGAIN"), [1, 4]);
    assert.deepEqual(await payloadsOf("OTHER_GROUP"), [2, 4]);
  });

  it("goes on with other sources' batches when one cannot be decided, and with the right numbers", async () => {
    const impossible: ReceivedMessage = {
      ...messageOf("a", ""),
      get payload(): Uint8Array {
        throw new Error("impossible");
      },
    };
    const origin = { source: "mqtt", broker: "default" } as const;
    const good = messageOf("a", '{"n":1}');
    await fixture.pipeline.ingest([good], origin);
    const refused = fixture.pipeline.ingest([good, impossible], origin);
    const after = fixture.pipeline.ingest([good], { ...origin, broker: "north" });
    await assert.rejects(refused, /impossible/);
    await after;
    await fixture.pipeline.ingest([good], origin);
    const numbers = (await fixture.events("EVERY")).flatMap((event) =>
      event.type === "MessageReceived" ? [event.data.messageNumber] : [],
    );
    assert.deepEqual(numbers, [1, 2, 3]);
    assert.equal(fixture.registry.get("DEFAULT")?.counters.received, 2);
  });
});
