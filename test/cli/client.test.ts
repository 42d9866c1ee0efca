/** The commands that look back, and what they say to an address at which something else answers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { sluice } from "./command-line.ts";

describe("command line on the typed client", () => {
  const gateway = new GatewayProcess();
  const run = (...args: string[]) => sluice([...args, "--data-dir", gateway.dataDir]);
  const definition = { code: "CLIENT", topic: "client/data", actions: [{ type: "STORE_DB" }] };

  before(async () => {
    await gateway.start();
    await gateway.define(definition);
    const body = { ...definition, description: "changed" };
    await gateway.api("/api/v1/flows/CLIENT", { method: "PUT", body });
  });
  after(() => gateway.dispose());

  it("shows a flow's history and rolls it back", async () => {
    const history = JSON.parse((await run("flows", "history", "CLIENT", "--json")).stdout);
    assert.deepEqual(
      history.map(({ version }: { version: number }) => version),
      [1, 2],
    );
    const { code, stdout } = await run("flows", "rollback", "CLIENT", "1", "--yes", "--json");
    assert.equal(code, 0);
    const { version, description } = JSON.parse(stdout);
    assert.deepEqual([version, description], [3, ""]);
    assert.match((await run("flows", "rollback", "CLIENT", "9", "--yes")).stderr, /no definition in version 9/);
  });

  it("has a checkpoint made where there is none to take the key from", async () => {
    const key = await run("checkpoint", "--key");
    assert.match(key.stdout, /^\S+\+[0-9a-f]{8}\+\S+\n$/, key.stderr);
    assert.equal((await run("checkpoint", "--key")).stdout, key.stdout);
    assert.equal(JSON.parse((await run("checkpoint", "--latest", "--json")).stdout).key, key.stdout.trim());
  });

  it("says that a message is not there, and what ids there are", async () => {
    const { code, stderr } = await run("explain", "00000000-0000-7000-8000-000000000000");
    assert.equal(code, 1);
    assert.match(stderr, /^sluice: No message has this id\n.*Only messages that a flow recorded/s);
  });

  it("says so when what answers is no gateway", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<p>Welcome");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { code, stderr } = await sluice(["flows", "list", "--url", url, "--token", "any"]);
      assert.equal(code, 1);
      assert.match(stderr, /^sluice: what answers at http:\S+ is no Sluice gateway\n/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
