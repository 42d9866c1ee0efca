/** Everything at once: gateway, flows, devices and receiver, until a signal. */
import { readFileSync } from "node:fs";
import type { Configuration } from "@sluice/contracts";
import type { Logger } from "pino";
import { apiOf } from "../cli/api.ts";
import { applyChanges } from "../cli/flows/apply.ts";
import { checkAll, planChanges } from "../cli/flows/plan.ts";
import { note, print } from "../cli/output.ts";
import { onStopSignal } from "../cli/signals.ts";
import { startFailure } from "../cli/start-failure.ts";
import { type RunningGateway, startGateway } from "../gateway.ts";
import { createLogger } from "../observe/logger.ts";
import { startDevices } from "./devices.ts";
import { demoFlows } from "./flows.ts";
import { freePort } from "./ports.ts";
import { startReceiver } from "./receiver.ts";
import { claimDirectory, demoSettings } from "./settings.ts";
import { welcome } from "./welcome.ts";

const RECEIVER_PORT = 9000;

export const runDemo = async (flags: Readonly<Record<string, unknown>>): Promise<void> => {
  const stopRequest = onStopSignal();
  const { configuration, directories, ignored } = demoSettings(process.env, flags, (path) =>
    readFileSync(path, "utf8"),
  );
  if (ignored.length > 0) note(`the demo brings its own broker and stores, and ignores ${ignored.join(", ")}`);
  const { log, close } = await createLogger(configuration);
  const { gateway, dataDir } = await startInFirst(directories, configuration, log);
  const receiver = await startReceiver(RECEIVER_PORT);
  await defineFlows(gateway, receiver.url, configuration.httpTimeoutSeconds);
  const devices = startDevices(gateway.brokerUrl);
  await print(
    welcome({
      adminUrl: gateway.adminUrl,
      brokerUrl: gateway.brokerUrl,
      receiverUrl: receiver.url,
      token: gateway.token,
      dataDir,
      devices: devices.names,
      asked: { adminPort: configuration.adminPort, brokerPort: configuration.embeddedBrokerPort },
    }),
  );

  await stopRequest.requested;
  await devices.stop();
  await gateway.stop();
  await receiver.stop();
  await close();
  note("stopped");
  process.exit(0);
};

const ATTEMPTS = 20;

/** In the first directory that no other demo uses, with its admin API on the first port that is free. */
const startInFirst = async (
  directories: readonly string[],
  configuration: Configuration,
  log: Logger,
): Promise<{ readonly gateway: RunningGateway; readonly dataDir: string }> => {
  let [dataDir, ...others] = directories as [string, ...string[]];
  for (let attempt = 1; ; attempt++) {
    claimDirectory(dataDir);
    const adminPort = await freePort(configuration.adminHost, configuration.adminPort);
    try {
      return { gateway: await startGateway({ ...configuration, dataDir, adminPort }, { log }), dataDir };
    } catch (error) {
      const next = others[0];
      if (isNamed(error, "DataDirectoryInUse") && next !== undefined) {
        note(`another demo uses ${dataDir}; this one takes ${next}`);
        [dataDir, ...others] = [next, ...others.slice(1)];
      } else if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || attempt === ATTEMPTS) {
        // A port that was free a moment ago may be another demo's by now; anything else will not change.
        throw startFailure(error);
      }
    }
  }
};

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

/** As `sluice flows apply` would. What someone has changed since the last demo is changed back. */
const defineFlows = async (gateway: RunningGateway, receiverUrl: string, timeoutSeconds: number): Promise<void> => {
  const api = apiOf(gateway);
  const written = demoFlows(receiverUrl).map((value) => ({ place: value.code, value }));
  const changes = await planChanges(api, checkAll(written, timeoutSeconds));
  const results = await applyChanges(
    api,
    changes.filter(({ kind }) => kind !== "none"),
  );
  for (const { code, error } of results) if (error !== undefined) note(`flow ${code}: ${error}`);
};
