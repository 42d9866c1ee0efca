/** The example of docs/dead-letters.md, command by command, against a gateway and an endpoint that wants a unit. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { it, type TestContext } from "node:test";
import { promisify } from "node:util";
import { assertConservation } from "../support/conservation.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { findProgram, requireService } from "../support/services.ts";
import { temporaryDirectory } from "./command-line.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "packages/app/src/main.ts");
const ENDPOINT = "https://orders.example";
const run = promisify(execFile);

/** Takes an order that has a unit, and no other. */
const startEndpoint = async (t: TestContext) => {
  const taken: string[] = [];
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const { unit } = JSON.parse(body);
    if (unit !== undefined) taken.push(body);
    response.writeHead(unit === undefined ? 422 : 204).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { taken, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

it("docs/dead-letters.md says what happens", async (t) => {
  for (const program of ["jq", "sqlite3"]) {
    if (!requireService(t, program, findProgram(program) !== null)) return;
  }
  const directory = temporaryDirectory();
  const gateway = new GatewayProcess();
  t.after(async () => {
    await gateway.dispose();
    directory[Symbol.dispose]();
  });
  const { url, taken } = await startEndpoint(t);
  await gateway.start();
  const program = join(directory.path, "sluice");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(program, 0o755);
  const PATH = `${directory.path}:${process.env.PATH}`;
  const env: NodeJS.ProcessEnv = { ...process.env, DATA_DIR: gateway.dataDir, PATH };
  /** Ids and times are made anew in each run. */
  const general = (text: string): string =>
    text
      .replaceAll(url, ENDPOINT)
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
      .trim();

  const document = readFileSync(join(ROOT, "docs/dead-letters.md"), "utf8");
  let told = 0;
  for (const [, language, block = ""] of document.matchAll(/^```(yaml|console)\n([\s\S]*?)^```$/gm)) {
    if (language === "yaml") {
      const name = /^# (\S+)/.exec(block)?.[1] as string;
      writeFileSync(join(directory.path, name), block.replace(ENDPOINT, url));
      continue;
    }
    for (const part of block.split(/^\$ /m).slice(1)) {
      const [command = "", ...output] = part.split("\n");
      // What the command before has set off is done.
      await gateway.caughtUp();
      const [, variable] = /^(\w+)=/.exec(command) ?? [];
      const script = variable === undefined ? command : `${command}; printf %s "$${variable}"`;
      const { stdout } = await run("sh", ["-c", script], { cwd: directory.path, env });
      if (variable !== undefined) env[variable] = stdout.trim();
      if (process.env.SHOW_OUTPUT === "1") console.log(`$ ${command}\n${stdout}`);
      const expected = output.join("\n");
      if (expected.trim() === "") continue;
      assert.equal(general(stdout), general(expected), command);
      told += 1;
    }
  }
  assert.equal(told, 8, "commands whose output the document shows");
  await gateway.caughtUp();
  assert.deepEqual(taken.slice(0, 2), ['{"item":4,"amount":1,"unit":"kg"}', '{"item":17,"amount":2.50,"unit":"kg"}']);
  assert.equal(taken.length, 3);
  await assertConservation(gateway);
});
