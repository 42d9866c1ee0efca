/**
 * The example of a page in docs/, command by command: its YAML blocks are written to the files that their first lines
 * name, its console blocks are run in a shell in which `sluice` speaks to the gateway, and what the page says that they
 * print is what they have to print. A command whose output the page leaves out only has to succeed.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
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
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .trim();

const VARIABLE = /^(\w+)=/;

export interface ExampleOptions {
  /** What the page has, and what stands for it in the test. */
  readonly inPlaceOf?: Readonly<Record<string, string>>;
}

export interface ExampleRun {
  readonly gateway: GatewayProcess;
  /** Outputs that the page has told rightly. */
  readonly told: number;
}

/**
 * Runs it against a gateway of its own, which has taken everything in before each command. A command that sets a variable
 * sets it for those after it. With SHOW_OUTPUT=1 it prints what was printed.
 */
export const runExample = async (
  t: TestContext,
  page: string,
  { inPlaceOf = {} }: ExampleOptions = {},
): Promise<ExampleRun> => {
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
  const PATH = `${directory.path}:${process.env.PATH}`;
  const env: NodeJS.ProcessEnv = { ...process.env, DATA_DIR: gateway.dataDir, PATH };
  const swap = (text: string, backwards = false): string =>
    Object.entries(inPlaceOf).reduce(
      (swapped, [told, real]) => (backwards ? swapped.replaceAll(real, told) : swapped.replaceAll(told, real)),
      text,
    );

  const document = readFileSync(join(ROOT, "docs", page), "utf8");
  let told = 0;
  for (const [, language, block = ""] of document.matchAll(/^```(yaml|console)\n([\s\S]*?)^```$/gm)) {
    if (language === "yaml") {
      const name = /^# (\S+)/.exec(block)?.[1] as string;
      writeFileSync(join(directory.path, name), swap(block));
      continue;
    }
    for (const { command, output } of stepsOf(block)) {
      await gateway.caughtUp();
      const variable = VARIABLE.exec(command)?.[1];
      const script = variable === undefined ? swap(command) : `${swap(command)}; printf %s "$${variable}"`;
      const { stdout } = await run("sh", ["-c", script], { cwd: directory.path, env });
      if (variable !== undefined) env[variable] = stdout.trim();
      if (process.env.SHOW_OUTPUT === "1") console.log(`$ ${command}\n${stdout}`);
      if (output.trim() === "") continue;
      assert.equal(general(swap(stdout, true)), general(output), command);
      told += 1;
    }
  }
  return { gateway, told };
};
