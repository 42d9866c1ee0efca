/** Logs: what is hidden in them, and that nothing is lost at the end, however the process ends. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { temporaryDirectory } from "./command-line.ts";

const LOGGER = join(import.meta.dirname, "../../packages/app/src/observe/logger.ts");
const LINES = 5_000;

const program = (logDir: string, end: string): string => `
  import { createLogger } from ${JSON.stringify(LOGGER)};
  const configuration = {
    logLevel: "debug", logDir: ${JSON.stringify(logDir)}, adminToken: "correct horse battery", mqttPassword: 'sword"fish',
    mqttUrl: "mqtt://me:p%40ssword@broker",
  };
  const { log, close } = await createLogger(configuration);
  log.trace("too fine");
  for (let n = 0; n < ${LINES}; n++) log.debug({ n }, "line");
  log.info({ token: "abc", nested: { password: "def" }, headers: { authorization: "ghi" } }, "keys");
  log.info("slc_0123456789abcdef_" + "s3cret-_".repeat(6).slice(0, 43));
  log.error({ err: new Error("no mqtt://me:p%40ssword@broker for p@ssword and sword\\"fish") }, "correct horse battery");
  ${end}
`;

const run = async (end: string) => {
  const directory = temporaryDirectory();
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program(directory.path, end)]);
  const [stdout] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const files = readdirSync(directory.path);
  const file = readFileSync(join(directory.path, files[0] as string), "utf8");
  directory[Symbol.dispose]();
  return { stdout, files, file };
};

describe("logger", { concurrency: 3 }, () => {
  for (const [name, end] of [
    ["closing", "await close();"],
    ["exit", "process.exit(3);"],
    ["an error that nobody caught", "throw new Error('crash');"],
  ] as const) {
    it(`loses nothing at ${name}`, async () => {
      const { stdout, files, file } = await run(end);
      assert.equal(stdout.trimEnd().split("\n").length, LINES + 3);
      assert.equal(file, stdout);
      assert.equal(files.length, 1);
      assert.match(files[0] as string, /^sluice\.\d{4}-\d\d-\d\d\.1\.log$/);
    });
  }

  it("hides secrets by name and wherever their text appears", async () => {
    const { stdout } = await run("await close();");
    const [keys, token, error] = stdout
      .trimEnd()
      .split("\n")
      .slice(-3)
      .map((line) => JSON.parse(line));
    assert.deepEqual([keys.token, keys.nested, keys.headers], ["***", { password: "***" }, { authorization: "***" }]);
    assert.equal(token.msg, "slc_0123456789abcdef_***");
    assert.equal(error.msg, "***");
    assert.equal(error.err.message, "no mqtt://me:***@broker for *** and ***");
  });
});
