/** The example of docs/access.md does what it says. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { promisify } from "node:util";
import { GatewayProcess } from "../support/gateway-process.ts";
import { requireService } from "../support/services.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const available = async (program: string) =>
  run(program, ["--version"]).then(
    () => true,
    () => false,
  );

it("the worked example prints what the page says", async (t) => {
  for (const program of ["bash", "curl", "jq"]) if (!requireService(t, program, await available(program))) return;
  const page = readFileSync(join(ROOT, "docs/access.md"), "utf8");
  const [, script = "", expected = ""] =
    /### An example\n+```sh\n(.*?)```\n+prints\n+```text\n(.*?)```/s.exec(page) ?? [];
  assert.notEqual(expected, "");
  const gateway = new GatewayProcess();
  const cwd = mkdtempSync(join(tmpdir(), "sluice-access-"));
  t.after(async () => {
    await gateway.dispose();
    rmSync(cwd, { recursive: true, force: true });
  });
  await gateway.start();
  const { PATH = "", HOME = "" } = process.env;
  const env = { PATH, HOME, DATA_DIR: gateway.dataDir, URL: gateway.adminUrl };
  const sluice = `sluice() { ${JSON.stringify(process.execPath)} ${JSON.stringify(join(ROOT, "packages/app/src/main.ts"))} "$@"; }`;
  const { stdout } = await run("bash", ["-euo", "pipefail", "-c", `${sluice}\n${script}`], { cwd, env });
  assert.equal(stdout, expected);
});
