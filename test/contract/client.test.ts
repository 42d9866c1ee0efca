/** The typed client, as docs/api.md shows it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { createSluiceClient, dataOf, items, ProblemError } from "@sluice/contracts/client";
import { GatewayProcess } from "../support/gateway-process.ts";

const DOCS = join(import.meta.dirname, "../../docs");
const EXAMPLE = join(DOCS, "examples/api-client/src/main.ts");

describe("the typed client", () => {
  const gateway = new GatewayProcess();
  let token: string;
  before(async () => {
    await gateway.start();
    token = readFileSync(join(gateway.dataDir, "admin-token"), "utf8").trim();
  });
  after(() => gateway.dispose());

  const runExample = async (): Promise<string> => {
    const env = { ...process.env, SLUICE_URL: gateway.adminUrl, SLUICE_TOKEN: token };
    const child = spawn(process.execPath, [EXAMPLE], { env, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(stderr, "");
    return stdout;
  };

  it("is shown in docs/api.md by a program that works", async () => {
    const [, shown] = /```ts\n(.*?)```/s.exec(readFileSync(join(DOCS, "api.md"), "utf8")) ?? [];
    assert.equal(shown, readFileSync(EXAMPLE, "utf8"));
    assert.equal(await runExample(), "created GREENHOUSE\nchanged to version 2\n");
    const body = { topic: "greenhouse/5/climate", payload: '{"temperature":21.5}', qos: 1 as const, wait: true };
    dataOf(await createSluiceClient({ url: gateway.adminUrl, token }).POST("/api/v1/publish", { body }));
    await gateway.caughtUp();
    const again = await runExample();
    assert.match(again, /^GREENHOUSE is there\nchanged to version 2\n\S+Z temperature 21.5\n$/);
  });

  it("asks for a page when the one before has been taken, and for no more than the limit", async () => {
    for (let n = 0; n < 5; n++) {
      await gateway.define({ code: `PAGE_${n}`, topic: `page/${n}`, actions: [{ type: "STORE_DB" }] });
    }
    const asked: string[] = [];
    const client = createSluiceClient({
      url: `${gateway.adminUrl}/`,
      token,
      fetch: (request) => {
        const url = new URL(request.url);
        asked.push(url.search);
        // Pages of two, whatever is asked for.
        url.searchParams.set("limit", "2");
        return fetch(new Request(url, request));
      },
    });
    const codes: string[] = [];
    for await (const { code } of items(client, "/api/v1/flows", { limit: 6 })) {
      codes.push(code);
      if (codes.length === 2) assert.equal(asked.length, 1);
      if (codes.length === 4) assert.equal(asked.length, 2);
    }
    assert.deepEqual(codes, ["GREENHOUSE", "PAGE_0", "PAGE_1", "PAGE_2", "PAGE_3", "PAGE_4"]);
    assert.deepEqual(
      asked.map((query) => new URLSearchParams(query).get("limit")),
      ["6", "4", "2"],
    );
  });

  it("throws the problem where a caller wants data and there is none", async () => {
    const client = createSluiceClient({ url: gateway.adminUrl, token: "wrong" });
    const isRefusal = (error: unknown) =>
      error instanceof ProblemError && error.status === 401 && error.problem?.code === "unauthorized";
    await assert.rejects(async () => dataOf(await client.GET("/api/v1/flows")), isRefusal);
    await assert.rejects(async () => {
      for await (const _ of items(client, "/api/v1/events")) assert.fail("there is nothing");
    }, isRefusal);
    assert.equal((await client.GET("/health/live")).data?.status, "healthy");
  });
});
