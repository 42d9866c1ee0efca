/** The README's command, stopped by a signal to the process that was started, as a supervisor does it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { platform, tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { eventually } from "../support/gateway-process.ts";

const skip = platform() === "linux" ? false : "only Linux tells whose child a process is";

it("npx pnpm start stops cleanly when npx is stopped", { skip }, async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "sluice-npx-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const npx = spawn("npx", ["-y", "pnpm@12.21.0", "start"], {
    cwd: join(import.meta.dirname, "../.."),
    env: { ...process.env, DATA_DIR: dataDir, ADMIN_PORT: "0", EMBEDDED_BROKER_PORT: "0" },
    stdio: "ignore",
  });
  const running = join(dataDir, "gateway.json");
  await eventually(() => existsSync(running), "the gateway runs", 60_000);
  npx.kill("SIGTERM");
  await eventually(() => !existsSync(running), "the gateway has stopped");
  assert.ok(existsSync(join(dataDir, "events.db")));
});
