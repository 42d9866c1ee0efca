/** The example of docs/replay.md, command by command, against a gateway. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { temporaryDirectory } from "../cli/command-line.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "packages/app/src/main.ts");
const run = promisify(execFile);

/** Ids are made anew in each run. */
const general = (text: string): string => text.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>").trim();

interface Step {
  readonly command: string;
  readonly output: string;
}

const stepsOf = (block: string): Step[] =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...output] = part.split("\n");
      return { command, output: output.join("\n") };
    });

it("docs/replay.md says what happens", async (t) => {
  const directory = temporaryDirectory();
  const gateway = new GatewayProcess();
  t.after(async () => {
    await gateway.dispose();
    directory[Symbol.dispose]();
  });
  await gateway.start();
  const program = join(directory.path, "sluice");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(program, 0o755);
  const env = { ...process.env, DATA_DIR: gateway.dataDir, PATH: `${directory.path}:${process.env.PATH}` };
  const document = readFileSync(join(ROOT, "docs/replay.md"), "utf8");
  let told = 0;
  for (const [, language, block = ""] of document.matchAll(/^```(yaml|console)\n([\s\S]*?)^```$/gm)) {
    if (language === "yaml") {
      const name = /^# (\S+)/.exec(block)?.[1] as string;
      writeFileSync(join(directory.path, name), block);
      continue;
    }
    for (const { command, output } of stepsOf(block)) {
      const { stdout } = await run("sh", ["-c", command], { cwd: directory.path, env });
      if (process.env.SHOW_OUTPUT === "1") console.log(`$ ${command}\n${stdout}`);
      if (output.trim() === "") continue;
      assert.equal(general(stdout), general(output), command);
      told += 1;
    }
  }
  assert.equal(told, 4, "replays whose output the document shows");
});
