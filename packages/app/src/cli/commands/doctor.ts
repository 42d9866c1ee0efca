/** `sluice doctor`: everything that a gateway needs, checked one by one. */
import type { Command } from "commander";
import type { Finding } from "../doctor/finding.ts";
import { readConfiguration, withConfigurationFlags, withExamples, withJson } from "../options.ts";
import { coloured, harmless, print, printJson } from "../output.ts";

type DoctorFlags = Readonly<Record<string, unknown>> & {
  readonly url?: string;
  readonly token?: string;
  readonly deep?: true;
  readonly json?: true;
};

export const defineDoctor = (program: Command): void => {
  const command = program
    .command("doctor")
    .summary("check what the gateway needs")
    .description(
      "Check what the gateway needs: runtime, settings, directory, disk, stores, broker, ports, clock and, if one runs, the " +
        "gateway itself. Nothing is changed. The exit code is 1 when a check fails; a warning is no failure.",
    )
    .option("--deep", "search large stores for damage as well, which reads all of them")
    .option("--url <url>", "admin API of the gateway (default: of the one that runs in DATA_DIR)")
    .option("--token <token>", "bearer token (default: ADMIN_TOKEN, else the one in DATA_DIR)")
    .action(examine);
  withExamples(withConfigurationFlags(withJson(command)), "doctor", "doctor --json --config sluice.yaml");
};

const examine = async (flags: DoctorFlags): Promise<void> => {
  const findings = await allFindings(flags);
  const failed = findings.some(({ status }) => status === "fail");
  if (flags.json) await printJson({ ok: !failed, findings });
  else for (const finding of findings) await show(finding);
  if (failed) process.exitCode = 1;
};

const allFindings = async (flags: DoctorFlags): Promise<readonly Finding[]> => {
  const { fail, ok, warn } = await import("../doctor/finding.ts");
  const { checkDataDirectory, checkNode } = await import("../doctor/machine.ts");
  const loaded = readConfiguration(flags);
  if (!loaded.ok) {
    const hint = "correct the settings; the rest can be checked then";
    return [checkNode(), ...loaded.errors.map((error) => fail("settings", error, hint))];
  }
  const { checkStores } = await import("../doctor/stores.ts");
  const { checkBroker } = await import("../doctor/broker.ts");
  const { checkGateway, checkPorts } = await import("../doctor/gateway.ts");
  const { findGateway, settle } = await import("../connection.ts");
  const { configuration } = settle(loaded);
  const { warnings } = loaded;
  return [
    checkNode(),
    ...(warnings.length === 0 ? [ok("settings", "valid")] : []),
    ...warnings.map((warning) => warn("settings", warning, "see docs/configuration.md")),
    ...(await checkDataDirectory(configuration)),
    ...(await checkStores(configuration, flags.deep === true, Date.now())),
    ...(await checkBroker(configuration)),
    ...(await checkPorts(configuration)),
    ...(await gatewayFindings()),
  ];

  async function gatewayFindings(): Promise<readonly Finding[]> {
    const asked = flags.url !== undefined;
    const noneToFind = !asked && configuration.adminPort === 0;
    return noneToFind ? [] : await checkGateway(findGateway(flags), asked);
  }
};

const STYLES = { ok: "green", warn: "yellow", fail: "red" } as const;
const NAME_WIDTH = 20;

const show = async ({ check, status, message, hint }: Finding): Promise<void> => {
  const label = coloured(STYLES[status], status.toUpperCase().padEnd(4));
  await print(`${label}  ${check.padEnd(NAME_WIDTH)}  ${harmless(message)}`);
  if (hint !== undefined) await print(`${" ".repeat(NAME_WIDTH + 8)}→ ${hint}`);
};
