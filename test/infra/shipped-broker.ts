/** A Mosquitto with the configuration that infra/ ships: nothing but paths, ports and the user it runs as are replaced. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/gateway-process.ts";
import { findProgram } from "../support/services.ts";

const infra = join(import.meta.dirname, "../../infra");
const program = findProgram("mosquitto");

export const missingPrograms = ["mosquitto", "mosquitto_passwd", "openssl"].filter(
  (name) => findProgram(name) === null,
);

/** Runs infra/make-secrets.sh. @throws with what it said */
export const makeSecrets = (directory: string, ...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(join(infra, "make-secrets.sh"), args, {
    encoding: "utf8",
    env: { ...process.env, SECRETS_DIR: directory, KEEP_OWNER: "1" },
  });
  if (status !== 0) throw new Error(`make-secrets.sh ends with ${status}: ${stderr}`);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
};

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });

export interface ShippedBroker {
  readonly secrets: string;
  readonly tlsPort: number;
  /** Of the listener without TLS. */
  readonly plainPort: number;
  secret(name: string): string;
  stop(): Promise<void>;
}

/** The configuration with each replacement made, all of which must apply. */
const adapted = (replacements: Readonly<Record<string, string>>): string => {
  let text = readFileSync(join(infra, "mosquitto/mosquitto.conf"), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`mosquitto.conf has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return `${text}\nuser ${userInfo().username}\n`;
};

/** @param devices users that it knows beside its own */
export const startShippedBroker = async (devices: readonly string[]): Promise<ShippedBroker> => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-shipped-broker-"));
  const secrets = join(directory, "secrets");
  const data = join(directory, "data");
  mkdirSync(data);
  makeSecrets(secrets, "device", ...devices);
  const [tlsPort, plainPort] = [await freePort(), await freePort()];
  const config = join(directory, "mosquitto.conf");
  writeFileSync(
    config,
    adapted({
      "/run/secrets/": `${secrets}/`,
      "/mosquitto/data/": `${data}/`,
      "listener 8883": `listener ${tlsPort} 127.0.0.1`,
      "listener 1883 ": `listener ${plainPort} `,
    }),
  );
  const child: ChildProcess = spawn(program as string, ["-c", config], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill("SIGTERM");
      await exit;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`mosquitto ends with ${child.exitCode}: ${output}`);
      return accepts(tlsPort);
    }, "mosquitto listens");
  } catch (error) {
    await stop();
    throw new Error(`mosquitto does not start: ${output}`, { cause: error });
  }
  return {
    secrets,
    tlsPort,
    plainPort,
    secret: (name) => readFileSync(join(secrets, name), "utf8"),
    stop,
  };
};
