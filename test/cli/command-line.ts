/** Runs the command line as users do: a process of its own with an environment of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const MAIN = join(import.meta.dirname, "../../packages/app/src/main.ts");

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

export const startSluice = (args: readonly string[], { env = {}, cwd = tmpdir() }: RunOptions = {}) => {
  const { PATH = "", HOME = "" } = process.env;
  return spawn(process.execPath, [MAIN, ...args], { cwd, env: { PATH, HOME, ...env }, stdio: "pipe" });
};

export const sluice = async (args: readonly string[], options: RunOptions = {}): Promise<Ran> => {
  const child = startSluice(args, options);
  child.stdin.on("error", () => {}).end(options.input ?? "");
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("exit", resolve);
  const [code, stdout, stderr] = await Promise.all([promise, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
};

/** A directory that goes when the scope ends. */
export const temporaryDirectory = (): { readonly path: string } & Disposable => {
  const path = mkdtempSync(join(tmpdir(), "sluice-cli-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
};
