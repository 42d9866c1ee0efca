/** Results of deliveries on their way into the log. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ResultLog } from "@sluice/app/sinks";
import type { NewEvent } from "@sluice/contracts";
import { EventStoreUnavailable } from "@sluice/domain";
import { pino } from "pino";
import { IngestFixture } from "../support/ingest-fixture.ts";

const result = (flow: string): NewEvent => ({
  id: crypto.randomUUID(),
  type: "DeliveryRetried",
  schemaVersion: 1,
  data: { flow, messageId: crypto.randomUUID(), messageNumber: 1, action: "post" },
  metadata: {},
});

describe("results of deliveries", () => {
  let fixture: IngestFixture;
  const signal = new AbortController().signal;

  const open = async (atomicMultiStream: boolean): Promise<ResultLog> => {
    fixture = new IngestFixture({ capabilities: { atomicMultiStream } });
    await fixture.start();
    return new ResultLog(fixture.log, pino({ level: "silent" }));
  };
  const record = (results: ResultLog, flows: readonly string[]) =>
    Promise.all(flows.map((flow) => results.record(`deliveries-${flow}-20260101`, [result(flow)], signal)));

  let batches: string[][];
  beforeEach(() => {
    batches = [];
  });
  afterEach(() => fixture.stop());

  const watch = (): void => {
    fixture.intercept = async (batch, append) => {
      batches.push(batch.map(({ stream }) => stream.slice(11, 12)));
      return append(batch);
    };
  };

  it("go together, over all streams", async () => {
    const results = await open(true);
    watch();
    await record(results, ["A", "B", "A", "B"]);
    assert.deepEqual(batches, [["A"], ["B", "A"]], "what comes in while one append runs goes into the next");
  });

  it("go stream by stream into a store that does not commit several as one", async () => {
    const results = await open(false);
    watch();
    await record(results, ["A", "B", "A", "B"]);
    assert.deepEqual(batches, [["A"], ["B"], ["A"]]);
    for (const flow of ["A", "B"]) assert.equal((await fixture.events(flow)).length, 2);
  });

  it("are tried again while the log is away", async () => {
    const results = await open(false);
    let failures = 2;
    fixture.intercept = async (batch, append) => {
      if (failures-- > 0) throw new EventStoreUnavailable("away");
      return append(batch);
    };
    await record(results, ["A", "B"]);
    for (const flow of ["A", "B"]) assert.equal((await fixture.events(flow)).length, 1);
  });
});
