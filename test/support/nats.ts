/** A private NATS server that speaks MQTT on a free port of 127.0.0.1, which a test may stop, kill and start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, portAccepts } from "./ports.ts";
import { findProgram } from "./services.ts";

const program = findProgram("nats-server");

/** Whether there is one to start. */
export const natsProgram = program !== null;

const START_MS = 10_000;

export class Nats {
  readonly #directory: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
    process.once("exit", () => {
      this.#process?.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** Sessions and messages survive `stop()` and `kill()`. Its files are removed when this process ends. */
  static async start(): Promise<Nats> {
    const directory = await mkdtemp(join(tmpdir(), "sluice-nats-"));
    const broker = new Nats(directory, await freePort());
    const config = [
      "server_name: sluice-test",
      `listen: "127.0.0.1:${await freePort()}"`,
      `jetstream { store_dir: "${join(directory, "data")}" }`,
      `mqtt { listen: "127.0.0.1:${broker.port}", max_ack_pending: 200, ack_wait: "2s" }`,
    ];
    await writeFile(join(directory, "nats.conf"), `${config.join("\n")}\n`);
    await broker.start();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const child = spawn(program as string, ["-c", join(this.#directory, "nats.conf")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.on("data", (text) => {
      output = `${output}${text}`.slice(-2_000);
    });
    this.#process = child;
    const end = Date.now() + START_MS;
    while (!(await portAccepts(this.port))) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`nats-server does not start: ${output}`);
      await delay(10);
    }
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  stop(): Promise<void> {
    return this.#signal("SIGTERM");
  }

  kill(): Promise<void> {
    return this.#signal("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
