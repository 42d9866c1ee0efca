/** The command line where the gateway says that it is too much. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { it } from "node:test";
import { sluice } from "../cli/command-line.ts";

it("waits as long as a rate limit says, and goes on", async (t) => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (asked === 1) response.writeHead(429, { "retry-after": "1" }).end();
    else response.setHeader("content-type", "application/json").end('{"items":[],"next":null}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, stdout, stderr } = await sluice(["tokens", "list", "--url", url, "--token", "any"]);
  assert.deepEqual([code, asked], [0, 2], stderr);
  assert.match(stdout, /^no tokens yet/);
  assert.match(stderr, /takes no more requests for now \(ADMIN_RATE_LIMIT\); going on in 1 s/);
});
