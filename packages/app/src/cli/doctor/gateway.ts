/** Checks of the running gateway, or of what would be in the way of one. */
import { createServer } from "node:net";
import type { Configuration, HealthReport } from "@sluice/contracts";
import { dataOf } from "@sluice/contracts/client";
import { apiOf, dateOf } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { type Connection, readRuntime } from "../connection.ts";
import { harmless } from "../output.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** HTTP dates are whole seconds, and the answer was under way. */
const TOLERATED_SKEW_MS = 5_000;

/** @param asked whether the user named the gateway, so that one that does not answer is a failure */
export const checkGateway = async (connection: Connection, asked: boolean): Promise<readonly Finding[]> => {
  const { adminUrl, runtime } = connection;
  if (runtime === null && !asked) return [ok("gateway", "none runs in DATA_DIR")];
  try {
    const answer = await apiOf(connection).GET("/health");
    const unhealthy = answer.error !== undefined && "brokers" in answer.error ? answer.error : undefined;
    const findings = [judge(adminUrl, unhealthy ?? dataOf(answer))];
    const date = dateOf(answer.response);
    const skew = date === null ? 0 : date.getTime() - Date.now();
    if (Math.abs(skew) > TOLERATED_SKEW_MS) {
      const text = `the gateway's clock is ${Math.round(Math.abs(skew) / 1_000)} s ${skew > 0 ? "ahead of" : "behind"} this machine's`;
      findings.push(warn("clock of the gateway", text, "let both follow a time server"));
    }
    return findings;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return [fail("gateway", error.message, error.hint ?? "look at its logs")];
  }
};

const judge = (adminUrl: string, { status, reasons }: HealthReport): Finding => {
  if (status === "healthy") return ok("gateway", `${adminUrl} is healthy`);
  const text = `${adminUrl} is ${status}: ${reasons.map(({ message }) => harmless(message)).join("; ")}`;
  const hint = "GET /health has the figures, the gateway's logs have the story";
  return status === "degraded" ? warn("gateway", text, hint) : fail("gateway", text, hint);
};

/** Whether the ports that a start would want are free. */
export const checkPorts = async (configuration: Configuration): Promise<readonly Finding[]> => {
  const runtime = readRuntime(configuration);
  if (runtime !== null) return [ok("ports", `in use by the gateway itself (process ${runtime.pid})`)];
  const { adminHost, adminPort, embeddedBrokerPort, mqttUrl } = configuration;
  const findings: Finding[] = [];
  const adminFault = await listenFault(adminHost, adminPort);
  const adminText = `ADMIN_PORT ${adminPort} on ${adminHost}`;
  if (adminFault === null) findings.push(ok("ports", `${adminText} is free`));
  else
    findings.push(
      fail("ports", `${adminText}: ${adminFault}`, "stop what uses it, or set ADMIN_PORT (0: any free one)"),
    );
  if (mqttUrl !== undefined) return findings;
  const brokerFault = await listenFault("127.0.0.1", embeddedBrokerPort);
  const brokerText = `EMBEDDED_BROKER_PORT ${embeddedBrokerPort}`;
  if (brokerFault === null) findings.push(ok("ports", `${brokerText} is free`));
  else
    findings.push(
      warn("ports", `${brokerText}: ${brokerFault}`, "the next free one will be used, which devices must know"),
    );
  return findings;
};

const listenFault = async (host: string, port: number): Promise<string | null> => {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) =>
    resolve(error.code === "EADDRINUSE" ? "another program has it" : error.message),
  );
  server.listen(port, host, () => server.close(() => resolve(null)));
  return await promise;
};
