/** `sluice start`: the gateway itself, until a signal. */
import type { Command } from "commander";
import { requireConfiguration, withConfigurationFlags, withExamples } from "../options.ts";
import { onStopSignal } from "../signals.ts";
import { startFailure } from "../start-failure.ts";

export const defineStart = (program: Command): void => {
  const command = program
    .command("start")
    .summary("run the gateway")
    .description("Run the gateway until SIGINT or SIGTERM. Logs go to stdout as JSON.")
    .action(start);
  withExamples(
    withConfigurationFlags(command),
    "start",
    "start --mqtt-url mqtts://broker.example --mqtt-password-file /run/secrets/mqtt",
    "start --config sluice.yaml --log-level debug",
  );
};

const start = async (flags: Readonly<Record<string, unknown>>): Promise<void> => {
  const { configuration, warnings } = requireConfiguration(flags);
  const stopRequest = onStopSignal();
  const { createLogger } = await import("../../observe/logger.ts");
  const { log, close } = await createLogger(configuration).catch((error: unknown) => {
    throw startFailure(error);
  });
  for (const warning of warnings) log.warn(warning);
  const { startGateway } = await import("../../gateway.ts");
  const gateway = await startGateway(configuration, { log }).catch(async (error: unknown) => {
    log.fatal({ err: error }, "the gateway could not start");
    await close();
    throw startFailure(error);
  });

  log.info({ signal: await stopRequest.requested }, "stopping");
  await gateway.stop();
  log.info("stopped");
  await close();
  process.exit(0);
};
