/** The compose file: valid, hardened, and giving the gateway what it takes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { loadConfiguration } from "@sluice/app/config";
import { parse } from "yaml";
import { findProgram, requireService } from "../support/services.ts";
import { lintCompose } from "./lint.ts";
import { makeSecrets, missingPrograms } from "./shipped-broker.ts";

const infra = join(import.meta.dirname, "../../infra");
const path = join(infra, "compose.yaml");
const text = readFileSync(path, "utf8");

interface Service {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly privileged?: boolean;
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
}

const compose: {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
} = parse(text, { merge: true });

const services = Object.entries(compose.services);

const temporary = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), "sluice-compose-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

/** `${NAME}` and `${NAME:-default}`, as compose reads them. */
const interpolate = (value: string, variables: Readonly<Record<string, string>>): string =>
  value
    .replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback = "") => variables[name] || fallback)
    .replaceAll("$$", "$");

describe("compose file", () => {
  it("is what the Compose Specification and the linter want", () => {
    assert.deepEqual(lintCompose(path), []);
  });

  it("would be found out if it were not", (t) => {
    const broken = join(temporary(t), "compose.yaml");
    const spoil: [string, string, RegExp][] = [
      ["cap_drop: [ALL]", "cap_drop: ALL", /invalid-schema/],
      ["condition: service_healthy }", "condition: healthy }", /invalid-schema/],
      ["eclipse-mosquitto:2.0", "eclipse-mosquitto", /explicit-tag/],
      ["    tmpfs:\n", "    tmpfs\n", /./],
    ];
    for (const [from, to, complaint] of spoil) {
      assert.ok(text.includes(from), from);
      writeFileSync(broken, text.replace(from, to));
      assert.match(lintCompose(broken).join("\n"), complaint, to);
    }
  });

  const hasCompose = findProgram("docker") !== null && spawnSync("docker", ["compose", "version"]).status === 0;
  it("is read by docker compose", { skip: hasCompose ? false : "docker compose is missing" }, (t) => {
    const { status, stderr } = spawnSync(
      "docker",
      ["compose", "--project-directory", temporary(t), "--file", path, "--profile", "*", "config", "--quiet"],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stderr);
  });

  it("brings up the broker, the databases and the gateway; without a profile only what SQLite needs", () => {
    assert.deepEqual(Object.keys(compose.services).sort(), ["kurrentdb", "mariadb", "mosquitto", "postgres", "sluice"]);
    for (const [name, { profiles }] of services) {
      assert.deepEqual(profiles ?? null, ["mosquitto", "sluice"].includes(name) ? null : [name], name);
    }
  });

  it("gives every service as few rights as it needs, and asks it how it is", () => {
    for (const [name, service] of services) {
      assert.equal(service.read_only, true, name);
      assert.deepEqual(service.cap_drop, ["ALL"], name);
      assert.equal(service.cap_add, undefined, name);
      assert.equal(service.privileged, undefined, name);
      assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
      assert.match(service.image, /:[\w.-]+$/, name);
      assert.doesNotMatch(service.image, /:latest$/, name);
      // The gateway's is in its image.
      assert.ok(name === "sluice" || (service.healthcheck?.test.length ?? 0) > 1, name);
    }
  });

  it("publishes the broker with TLS, and the admin API to this machine", () => {
    const ports = services.flatMap(([name, service]) => (service.ports ?? []).map((port) => `${name} ${port}`));
    assert.deepEqual(
      ports.map((port) => interpolate(port, {})),
      ["mosquitto 0.0.0.0:8883:8883", "sluice 127.0.0.1:8080:8080"],
    );
    for (const name of ["postgres", "mariadb", "kurrentdb"]) {
      for (const network of compose.services[name]?.networks ?? []) {
        assert.equal(compose.networks[network]?.internal, true, `${name} is on ${network}`);
      }
    }
  });

  it("names only networks, volumes, secrets and services that are there", () => {
    for (const [name, service] of services) {
      for (const network of service.networks ?? []) assert.ok(network in compose.networks, `${name}: ${network}`);
      for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
      for (const other of Object.keys(service.depends_on ?? {}))
        assert.ok(other in compose.services, `${name}: ${other}`);
      for (const volume of service.volumes ?? []) {
        const [source = ""] = volume.split(":");
        assert.ok(source.startsWith("./") ? existsSync(join(infra, source)) : source in compose.volumes, volume);
      }
      for (const [other, { required }] of Object.entries(service.depends_on ?? {})) {
        assert.equal(required ?? true, compose.services[other]?.profiles === undefined, `${name} waits for ${other}`);
      }
      for (const mention of JSON.stringify(service).matchAll(/\/run\/secrets\/([\w.-]+)/g)) {
        assert.ok(service.secrets?.includes(mention[1] as string), `${name}: ${mention[0]}`);
      }
    }
    const broker = readFileSync(join(infra, "mosquitto/mosquitto.conf"), "utf8");
    for (const mention of broker.matchAll(/\/run\/secrets\/([\w.-]+)/g)) {
      assert.ok(compose.services.mosquitto?.secrets?.includes(mention[1] as string), mention[0]);
    }
  });

  it("mounts what make-secrets.sh makes, and the gateway takes all of it", (t) => {
    if (!requireService(t, missingPrograms.join(", ") || "openssl", missingPrograms.length === 0)) return;
    const directory = temporary(t);
    makeSecrets(directory);
    for (const { file } of Object.values(compose.secrets)) {
      const name = /^\.\/secrets\/([\w.-]+)$/.exec(file)?.[1];
      assert.ok(name !== undefined && existsSync(join(directory, name)), file);
    }

    const example = readFileSync(join(infra, "example.env"), "utf8");
    const choices = [...example.matchAll(/^#(\w+)=(.+)$/gm)].map(([, name, value]) => ({
      [name as string]: value as string,
    }));
    assert.ok(choices.length > 4);
    for (const choice of [{}, ...choices]) {
      for (const name of Object.keys(choice)) {
        assert.ok(name === "COMPOSE_PROFILES" || text.includes(`\${${name}:-`), `compose.yaml does not read ${name}`);
      }
      const { environment = {} } = compose.services.sluice as Service;
      const env = Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [name, interpolate(String(value), choice)]),
      );
      const loaded = loadConfiguration({
        env,
        cwd: "/",
        readFile: (file) => readFileSync(file.replace("/run/secrets/", `${directory}/`), "utf8"),
      });
      assert.ok(loaded.ok, loaded.ok ? "" : `${JSON.stringify(choice)}: ${loaded.errors.join("\n")}`);
      assert.deepEqual(loaded.warnings, []);
      assert.ok(loaded.configuration.mqttPassword && loaded.configuration.adminToken);
    }
  });
});
