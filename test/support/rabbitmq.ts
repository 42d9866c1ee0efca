/**
 * A private RabbitMQ node with its MQTT plugin on 127.0.0.1. It takes seconds to start, so it is started once a process;
 * who needs a broker of his own gets a virtual host of it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, portAccepts } from "./ports.ts";
import { findProgram } from "./services.ts";

/** Debian's own `rabbitmq-server` is a wrapper that runs as one user only, in one directory; behind it is RabbitMQ's. */
const DEBIAN = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const program = existsSync(DEBIAN) ? DEBIAN : findProgram("rabbitmq-server");
const epmd = findProgram("epmd");

/** Whether there is one to start. */
export const rabbitMqProgram = program !== null && epmd !== null;

const START_MS = 60_000;
/**
 * Ends everything when its input ends, which it does with this process, whatever ends that. The Erlang machine is in the
 * group; its port mapper is not, and outlives the machine.
 */
const SUPERVISED = '"$0" & read _; "$1" -port "$2" -kill; kill -9 0';
/** The one that RabbitMQ creates. */
const USER = "guest";

export class RabbitMq {
  readonly #directory: string;
  readonly #ports: { readonly mqtt: number; readonly management: number; readonly dist: number; readonly epmd: number };
  #process: ChildProcess | null = null;
  #hosts = 0;

  private constructor(directory: string, ports: readonly number[]) {
    this.#directory = directory;
    const [mqtt = 0, management = 0, dist = 0, epmdPort = 0] = ports;
    this.#ports = { mqtt, management, dist, epmd: epmdPort };
    process.once("exit", () => {
      this.#signal("SIGKILL");
      this.#endEpmd();
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** Its files are removed, and its processes ended, when this process ends. */
  static async start(): Promise<RabbitMq> {
    const directory = await mkdtemp(join(tmpdir(), "sluice-rabbitmq-"));
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()];
    const broker = new RabbitMq(directory, ports);
    await broker.#configure();
    await broker.start();
    return broker;
  }

  get port(): number {
    return this.#ports.mqtt;
  }

  /** A virtual host that nobody has used; who logs in as that user is in it. */
  async newHost(): Promise<{ readonly username: string; readonly password: string }> {
    this.#hosts += 1;
    const host = `host-${this.#hosts}`;
    await this.#manage(`vhosts/${host}`, {});
    await this.#manage(`permissions/${host}/${USER}`, { configure: ".*", write: ".*", read: ".*" });
    return { username: `${host}:${USER}`, password: USER };
  }

  async start(): Promise<void> {
    const { dist, epmd: epmdPort, mqtt, management } = this.#ports;
    const inside = (name: string): string => join(this.#directory, name);
    const output = openSync(inside("output"), "w");
    const child = spawn("sh", ["-c", SUPERVISED, program as string, epmd as string, `${epmdPort}`], {
      detached: true,
      stdio: ["pipe", output, output],
      env: {
        PATH: process.env.PATH,
        HOME: this.#directory,
        RABBITMQ_NODENAME: `sluice-${process.pid}@localhost`,
        RABBITMQ_DIST_PORT: `${dist}`,
        RABBITMQ_MNESIA_BASE: inside("data"),
        RABBITMQ_LOG_BASE: inside("log"),
        RABBITMQ_LOGS: inside("log/rabbitmq.log"),
        RABBITMQ_CONFIG_FILE: inside("rabbitmq.conf"),
        RABBITMQ_CONF_ENV_FILE: inside("none"),
        RABBITMQ_ENABLED_PLUGINS_FILE: inside("enabled_plugins"),
        ERL_EPMD_PORT: `${epmdPort}`,
        ERL_EPMD_ADDRESS: "127.0.0.1",
        // It may be ended though it still knows a node.
        ERL_EPMD_RELAXED_COMMAND_CHECK: "1",
      },
    });
    closeSync(output);
    // It is to end with this process, not to keep it.
    child.unref();
    (child.stdin as Socket).unref();
    this.#process = child;
    const end = Date.now() + START_MS;
    while (!(await portAccepts(mqtt)) || !(await portAccepts(management))) {
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`rabbitmq does not start: ${readFileSync(inside("output"), "utf8").slice(-2_000)}`);
      }
      await delay(50);
    }
  }

  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    while (await portAccepts(this.#ports.mqtt)) await delay(10);
  }

  async #configure(): Promise<void> {
    await mkdir(join(this.#directory, "log"));
    const lines = [
      "listeners.tcp = none",
      `mqtt.listeners.tcp.1 = 127.0.0.1:${this.#ports.mqtt}`,
      "mqtt.listeners.ssl = none",
      "mqtt.allow_anonymous = false",
      "mqtt.prefetch = 65535",
      "management.tcp.ip = 127.0.0.1",
      `management.tcp.port = ${this.#ports.management}`,
    ];
    await writeFile(join(this.#directory, "rabbitmq.conf"), `${lines.join("\n")}\n`);
    await writeFile(join(this.#directory, "enabled_plugins"), "[rabbitmq_mqtt,rabbitmq_management].\n");
  }

  async #manage(path: string, body: unknown): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.#ports.management}/api/${path}`, {
      method: "PUT",
      headers: {
        authorization: `Basic ${Buffer.from(`${USER}:${USER}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    this.#process = null;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended by itself.
    }
  }

  #endEpmd(): void {
    try {
      execFileSync(epmd as string, ["-port", `${this.#ports.epmd}`, "-kill"], { stdio: "ignore" });
    } catch {
      // It was never started.
    }
  }
}
