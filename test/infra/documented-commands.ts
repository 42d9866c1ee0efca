/** Runs the commands of docs/backup.md as they stand there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "docs/backup.md"), "utf8");

/** By the name in the comment above each. */
const commands = new Map(
  text
    .matchAll(/<!-- tested: ([\w-]+) -->\n```sh\n(.*?)```/gs)
    .map(([, name, body]) => [name as string, body as string]),
);

export const documentedCommands: readonly string[] = [...commands.keys()];

/** @throws with what it printed, unless it ends with 0 */
export const runDocumented = async (name: string, env: Readonly<Record<string, string>>): Promise<string> => {
  const command = commands.get(name);
  if (command === undefined) throw new Error(`docs/backup.md has no command ${name}`);
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn("sh", ["-eu", "-c", command], {
    cwd: root,
    // The Node that runs the tests is the `node` of the commands.
    env: { PATH: `${dirname(process.execPath)}:${PATH}`, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      output += part;
    });
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${name} ends with ${code}: ${output}`);
  return output;
};
