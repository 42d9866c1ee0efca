/**
 * Runs every test that this machine can run: `node test/run.ts [path prefix …]`.
 *
 * Tests that need a program which is missing are skipped by name with the reason, listed again at the end; with
 * SLUICE_REQUIRE_SERVICES=1 such a skip is a failure. Test files run in processes of their own, three at a time: many
 * wait for servers more than they compute, and with more the timing of those with real brokers becomes worse.
 */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";

const root = import.meta.dirname;
const prefixes = process.argv.slice(2).filter((argument) => argument !== "--");
const files = globSync("**/*.test.ts", { cwd: root, exclude: (path) => path.includes("node_modules") })
  .filter((file) => prefixes.length === 0 || prefixes.some((prefix) => file.startsWith(prefix.replace(/^test\//, ""))))
  .sort();
if (files.length === 0) {
  console.error(`no test files under ${prefixes.join(", ")}`);
  process.exit(1);
}

const reporters = ["spec", join(root, "support", "skips-reporter.ts")];
const runner = spawn(
  process.execPath,
  [
    "--test",
    `--import=${join(root, "support", "leave-at-once.ts")}`,
    "--test-concurrency=3",
    "--test-timeout=240000",
    ...reporters.flatMap((reporter) => [`--test-reporter=${reporter}`, "--test-reporter-destination=stdout"]),
    ...files.map((file) => join(root, file)),
  ],
  // Hundreds of processes read the same modules.
  { stdio: "inherit", env: { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "compile"), ...process.env } },
);
runner.on("exit", (code) => process.exit(code ?? 1));
