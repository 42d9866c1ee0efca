/** A private Mosquitto on a free port of 127.0.0.1, which a test may stop, kill and start again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, rmSync } from "node:fs";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, portAccepts } from "./ports.ts";
import { findProgram } from "./services.ts";

const program = findProgram("mosquitto");

/** Whether there is one to start. */
export const mosquittoProgram = program !== null;

/** Path of the dynamic security plugin, or null where it is not installed. */
export const findDynamicSecurity = (): string | null =>
  globSync("/usr/{lib,lib64,local/lib}/{,*/}mosquitto_dynamic_security.so")[0] ?? null;

export interface MosquittoOptions {
  /** Sessions and queued messages survive `stop()` and `start()`; those of the last moments not `kill()`. */
  readonly persistence?: boolean;
  /** Written into the directory that `{dir}` in `config` stands for. */
  readonly files?: Readonly<Record<string, string>>;
  /** More lines of mosquitto.conf; after the listener's own. */
  readonly config?: readonly string[];
}

export class Mosquitto {
  readonly directory: string;
  readonly port: number;
  readonly #options: MosquittoOptions;
  #process: ChildProcess | null = null;

  constructor(directory: string, port: number, options: MosquittoOptions) {
    this.directory = directory;
    this.port = port;
    this.#options = options;
    process.once("exit", () => {
      this.#process?.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    });
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    if (program === null) throw new Error("mosquitto is missing");
    await chmod(this.directory, 0o755);
    for (const [name, content] of Object.entries(this.#options.files ?? {})) {
      await writeFile(join(this.directory, name), content, { mode: 0o600 });
    }
    const lines = [
      `user ${userInfo().username}`,
      `listener ${this.port} 127.0.0.1`,
      `persistence ${this.#options.persistence === true}`,
      `persistence_location ${this.directory}/`,
      "max_queued_messages 0",
      "max_queued_bytes 0",
      ...(this.#options.config ?? ["allow_anonymous true"]),
    ];
    const config = join(this.directory, "mosquitto.conf");
    await writeFile(config, lines.map((line) => `${line.replaceAll("{dir}", this.directory)}\n`).join(""));
    const child = spawn(program, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    child.stderr.on("data", (text) => {
      output = `${output}${text}`.slice(-2_000);
    });
    this.#process = child;
    for (let waited = 0; !(await portAccepts(this.port)); waited += 10) {
      if (child.exitCode !== null || waited > 5_000) throw new Error(`mosquitto does not start: ${output}`);
      await delay(10);
    }
    if (child.exitCode !== null) throw new Error(`mosquitto ended: ${output}`);
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  /** Ends it in good order: what is to persist is written. */
  stop(): Promise<void> {
    return this.#signal("SIGTERM");
  }

  /** As a power cut would, for what it has in memory. */
  kill(): Promise<void> {
    return this.#signal("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

/** Its files are removed when this process ends. */
export const startMosquitto = async (options: MosquittoOptions = {}): Promise<Mosquitto> => {
  // Another process may take the port between the choice and the start: then another one is chosen.
  for (let attempt = 1; ; attempt++) {
    const directory = await mkdtemp(join(tmpdir(), "sluice-mosquitto-"));
    const broker = new Mosquitto(directory, await freePort(), options);
    try {
      await broker.start();
      return broker;
    } catch (error) {
      await broker.kill();
      if (attempt === 3) throw error;
    }
  }
};
