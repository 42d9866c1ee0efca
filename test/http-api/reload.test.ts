/** Reading the tables over the API. What a reload does is tested where it is done; here is what the API makes of it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { ReloadResult } from "@sluice/contracts";
import { EventStoreUnavailable, FlowSourceUnavailable } from "@sluice/domain";
import { AdminFixture, nothingReloaded } from "./support/admin-fixture.ts";

describe("POST /api/v1/reload", () => {
  let api: AdminFixture;
  beforeEach(async () => {
    api = await new AdminFixture().start();
  });
  afterEach(() => api.stop());

  const reload = () => api.call("/api/v1/reload", { method: "POST" });

  it("answers what has changed, and what was refused and overruled", async () => {
    const result: ReloadResult = {
      flows: {
        ...nothingReloaded.flows,
        defined: ["A"],
        refused: [{ code: "B C", errors: [{ pointer: "/topic", keyword: "topic", message: "is empty" }] }],
        overruled: [
          { code: "D", row: { topic: "x", payload_schema: null } },
          { code: "E", row: null },
        ],
      },
      brokers: { started: ["default"], replaced: [], stopped: [], unchanged: [] },
    };
    api.reload = async () => result;
    const { status, body } = await reload();
    assert.deepEqual([status, body], [200, result]);
  });

  it("needs the token, and takes no other method", async () => {
    assert.equal((await api.call("/api/v1/reload", { method: "POST", token: null })).status, 401);
    assert.equal((await api.call("/api/v1/reload")).status, 405);
  });

  it("says what cannot be reached", async () => {
    api.reload = () => Promise.reject(new FlowSourceUnavailable("server db.internal is away"));
    const tables = await reload();
    assert.deepEqual([tables.status, tables.body.code], [503, "projection-unavailable"]);
    assert.doesNotMatch(JSON.stringify(tables.body), /db\.internal/);
    api.reload = () => Promise.reject(new EventStoreUnavailable("away"));
    assert.equal((await reload()).body.code, "log-unavailable");
  });
});
