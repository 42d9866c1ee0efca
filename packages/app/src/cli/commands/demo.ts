/** `sluice demo`: everything at once, on the embedded defaults. What it does is in ../../demo/. */
import type { Command } from "commander";
import { withExamples } from "../options.ts";

export const defineDemo = (program: Command): void => {
  const command = program
    .command("demo")
    .summary("run a gateway with example flows, devices and a receiver")
    .description(
      "Run the gateway on its embedded broker and stores, with example flows, simulated devices and a local HTTP receiver, " +
        "and say where to look. It uses a directory of its own, and nothing of a real gateway's. If a port is taken the " +
        "next free one is used. Of the environment only DATA_DIR, EMBEDDED_BROKER_PORT, ADMIN_HOST, ADMIN_PORT, " +
        "ADMIN_TOKEN, LOG_LEVEL and LOG_DIR count.",
    )
    .option("--data-dir <directory>", "where it keeps its data (default: data/demo; DATA_DIR)")
    .option("--embedded-broker-port <port>", "port of the broker (EMBEDDED_BROKER_PORT)")
    .option("--admin-port <port>", "port of the admin API (ADMIN_PORT)")
    .option("--log-level <level>", "what of the gateway's log is shown (default: warn; LOG_LEVEL)")
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      await (await import("../../demo/demo.ts")).runDemo(flags);
    });
  withExamples(command, "demo", "demo --admin-port 9090 --log-level info");
};
