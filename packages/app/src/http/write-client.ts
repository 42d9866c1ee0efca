/**
 * Writes the types of the TypeScript client, from the OpenAPI document of a gateway that runs for it:
 * `node packages/app/src/http/write-client.ts`
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientTypes } from "@sluice/client-generator";
import { pino } from "pino";
import { loadConfiguration } from "../config/load.ts";
import { startGateway } from "../gateway.ts";

const FILE = join(import.meta.dirname, "../../../contracts/src/client/api.generated.ts");

const dataDir = mkdtempSync(join(tmpdir(), "sluice-client-"));
const loaded = loadConfiguration({
  env: { DATA_DIR: dataDir, ADMIN_PORT: "0", EMBEDDED_BROKER_PORT: "0" },
  cwd: dataDir,
  readFile: (path) => {
    throw new Error(`${path} is not read here`);
  },
});
if (!loaded.ok) throw new Error(loaded.errors.join("\n"));
const gateway = await startGateway(loaded.configuration, { log: pino({ level: "error" }) });
try {
  const response = await fetch(`${gateway.adminUrl}/documentation/json`);
  writeFileSync(FILE, await clientTypes((await response.json()) as object));
} finally {
  await gateway.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
