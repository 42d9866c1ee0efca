/** The image: its definition is linted, and what it would hold is put together by the same steps and run. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { DockerfileParser } from "dockerfile-ast";
import { eventually } from "../support/gateway-process.ts";
import { findProgram } from "../support/services.ts";
import { lintDockerfile } from "./lint.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "infra/Dockerfile"), "utf8");
const instructions = DockerfileParser.parse(text).getInstructions();

/** What stands behind each such instruction. */
const all = (keyword: string): readonly string[] =>
  instructions
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => instruction.getArgumentsContent() ?? "");
/** What is copied from the build's context, each with its target at the end. */
const copies = instructions
  .filter((instruction) => instruction.getKeyword() === "COPY" && !instruction.getTextContent().includes("--from="))
  .map((instruction) => (instruction.getArgumentsContent() ?? "").split(/\s+/));
const last = (keyword: string): string => all(keyword).at(-1) ?? "";
const command = (json: string): readonly string[] => JSON.parse(json);

describe("image definition", () => {
  it("is what the linter wants", () => {
    assert.deepEqual(lintDockerfile(text), []);
  });

  it("would be found out if it were not", () => {
    for (const [from, to] of [
      ["WORKDIR /opt/sluice", "WORKDIR"],
      ["STOPSIGNAL SIGTERM", "STOPSIGNAL"],
      ["USER node", "USR node"],
      ["--interval=15s", "--interval=often"],
    ] as const) {
      assert.ok(text.includes(from), from);
      assert.notDeepEqual(lintDockerfile(text.replace(from, to)), [], to);
    }
  });

  it("has the Node that everything is tested with, and runs as nobody special", () => {
    const { devDependencies, packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const from of all("FROM")) assert.ok(from.startsWith(`node:${devDependencies.node}-`), from);
    assert.ok(all("RUN").some((run) => command(run).includes(packageManager)));
    assert.equal(last("USER"), "node");
    assert.equal(last("STOPSIGNAL"), "SIGTERM");
    const order = instructions.map((instruction) => instruction.getKeyword());
    assert.ok(order.lastIndexOf("USER") > order.lastIndexOf("RUN"), "nothing is run after USER");
  });
});

/** Whether a process can be made number 1 of a namespace of its own here. */
const unshare = [
  ["--pid", "--fork"],
  ["--user", "--map-root-user", "--pid", "--fork"],
].find((flags) => findProgram("unshare") !== null && spawnSync("unshare", [...flags, "true"]).status === 0);

describe("image content", () => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-image-"));
  const tree = join(directory, "opt");
  const data = join(directory, "data");
  let ready = false;

  before(() => {
    mkdirSync(tree);
    mkdirSync(data);
    const ignored = new Set(["node_modules", ".turbo"]);
    for (const copy of copies) {
      const target = copy.at(-1) as string;
      for (const name of copy.slice(0, -1)) {
        cpSync(join(root, name), join(tree, target, target.endsWith("/") ? basename(name) : ""), {
          recursive: true,
          filter: (source) => !ignored.has(basename(source)),
        });
      }
    }
    const install =
      all("RUN")
        .map(command)
        .find(([program]) => program === "npx") ?? [];
    const { status, stdout, stderr } = spawnSync(install[0] as string, install.slice(1), {
      cwd: tree,
      encoding: "utf8",
      env: { ...process.env, npm_config_verify_deps_before_run: "false" },
    });
    assert.equal(status, 0, stdout + stderr);
    ready = true;
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it("sends the builder no more than that", () => {
    const lines = readFileSync(join(root, "infra/Dockerfile.dockerignore"), "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const names = copies.flatMap((copy) => copy.slice(0, -1));
    assert.deepEqual(lines, ["*", ...names.map((name) => `!${name}`), "**/node_modules", "**/.turbo"]);
  });

  it("has no tools of development", () => {
    assert.ok(ready);
    for (const name of ["typescript", "@biomejs+biome", "turbo", "fast-check"]) {
      const { stdout } = spawnSync("ls", [join(tree, "node_modules/.pnpm")], { encoding: "utf8" });
      assert.ok(!stdout.split("\n").some((entry) => entry.startsWith(`${name}@`)), name);
    }
  });

  it("starts, is healthy, writes only to DATA_DIR, and stops on SIGTERM as process 1", async (t) => {
    assert.ok(ready);
    const env: Record<string, string> = {
      // The image has Node on its PATH.
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
      ...Object.fromEntries(
        last("ENV")
          .matchAll(/(\w+)=(\S+)/g)
          .map(([, name, value]) => [name, value]),
      ),
      DATA_DIR: data,
      ADMIN_PORT: String(20_000 + Math.floor(Math.random() * 10_000)),
      EMBEDDED_BROKER_PORT: "0",
    };
    assert.deepEqual([env.NODE_ENV, env.ADMIN_HOST], ["production", "0.0.0.0"]);
    // Root would get past the modes of files; anybody else does not own these.
    const identity = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};
    if (identity.uid !== undefined) chownSync(data, identity.uid, identity.gid);
    for (const path of [directory, tree]) spawnSync("chmod", ["a+rx", path]);
    spawnSync("chmod", ["-R", "a-w", tree]);
    t.after(() => spawnSync("chmod", ["-R", "u+w", tree]));
    const drop = identity.uid === undefined ? [] : ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"];
    const entry = [...command(last("ENTRYPOINT")), ...command(last("CMD"))];
    const line = [...(unshare === undefined ? [] : ["unshare", ...unshare]), ...drop, ...entry];
    const child: ChildProcess = spawn(line[0] as string, line.slice(1), {
      cwd: tree,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (part) => (output += part));
    t.after(() => child.kill("SIGKILL"));

    const check = command(last("HEALTHCHECK").replace(/^.*?\bCMD\s+/s, ""));
    const healthy = (): boolean => spawnSync(check[0] as string, check.slice(1), { env }).status === 0;
    assert.equal(healthy(), false, "not before it is up");
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`exits with ${child.exitCode}: ${output}`);
      return existsSync(join(data, "gateway.json"));
    }, `the gateway starts: ${output}`);
    assert.equal(healthy(), true);

    // The gateway itself: what `unshare` has started.
    const pid =
      unshare === undefined
        ? (child.pid as number)
        : Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ")[0]);
    const ids = readFileSync(`/proc/${pid}/status`, "utf8");
    if (unshare !== undefined) assert.match(ids, /^NSpid:.*\s1$/m);
    if (identity.uid !== undefined) assert.match(ids, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
    const exit = once(child, "exit");
    process.kill(pid, "SIGTERM");
    assert.deepEqual(await exit, [0, null], output);
    assert.equal(healthy(), false);
  });
});
