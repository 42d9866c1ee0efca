/**
 * The example of a page in docs/, command by command: its YAML blocks are written to the files that their first lines
 * name, its console blocks are run in a shell in which `sluice` speaks to the gateway, and what the page says that they
 * print is what they have to print. A command whose output the page leaves out only has to succeed.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { temporaryDirectory } from "../cli/command-line.ts";
import { GatewayProcess } from "./gateway-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "packages/app/src/main.ts");
const run = promisify(execFile);

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

/** Ids, digests and times are made anew in each run. */
const general = (text: string): string =>
  text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replace(/\b[0-9a-f]{64}\b/g, "<digest>")
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, "<time>")
    .trim();

export interface ExampleOptions {
  /** Other programs that the page calls, by name: shell scripts. */
  readonly programs?: Readonly<Record<string, string>>;
  /** After each command, so that the next one finds what the page takes for granted. */
  readonly settle?: (gateway: GatewayProcess) => Promise<void>;
}

/**
 * Runs it against a gateway of its own; `projection.db` in the working directory is that gateway's.
 * With SHOW_OUTPUT=1 it prints what was printed.
 * @returns how many outputs the page has told rightly
 */
export const runExample = async (
  t: TestContext,
  page: string,
  { programs = {}, settle = async () => {} }: ExampleOptions = {},
): Promise<number> => {
  const directory = temporaryDirectory();
  const gateway = new GatewayProcess();
  t.after(async () => {
    await gateway.dispose();
    directory[Symbol.dispose]();
  });
  await gateway.start();
  const bin = join(directory.path, "bin");
  mkdirSync(bin);
  const scripts = { sluice: `exec "${process.execPath}" "${MAIN}" "$@"`, ...programs };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  symlinkSync(join(gateway.dataDir, "projection.db"), join(directory.path, "projection.db"));
  const env = { ...process.env, DATA_DIR: gateway.dataDir, PATH: `${bin}:${process.env.PATH}` };
  const document = readFileSync(join(ROOT, "docs", page), "utf8");
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
      await settle(gateway);
      if (output.trim() === "") continue;
      assert.equal(general(stdout), general(output), command);
      told += 1;
    }
  }
  return told;
};
