/** What is shown of the configuration, and its documentation. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configurationMarkdown, describeConfiguration, loadConfiguration } from "@sluice/app/config";
import { configurationFields } from "@sluice/contracts";

describe("configuration as it is shown", () => {
  it("hides secrets, and of URLs the password", () => {
    const result = loadConfiguration({
      env: {
        ADMIN_TOKEN: "correct horse battery staple",
        MQTT_PASSWORD: "hunter2!",
        MQTT_USERNAME: "me",
        MQTT_URL: "mqtts://you:swordfish@broker:8883",
        EVENT_STORE_URL: "sqlite:/var/events.db",
      },
      cwd: "/",
      readFile: () => "",
    });
    assert.ok(result.ok);
    const described = describeConfiguration(result.configuration, result.sources);
    assert.doesNotMatch(JSON.stringify(described), /horse|hunter|swordfish/);
    const values = Object.fromEntries(described.map(({ field, value }) => [field, value]));
    assert.equal(values.adminToken, "***");
    assert.equal(values.mqttUrl, "mqtts://you:***@broker:8883");
    assert.equal(values.eventStoreUrl, "sqlite:/var/events.db");
    assert.equal(values.logDir, null);
    assert.equal(described.length, Object.keys(configurationFields).length);
  });

  it("has fields that are named as their variables", () => {
    for (const [key, { env }] of Object.entries(configurationFields)) {
      assert.equal(
        env.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        key,
      );
    }
  });

  it("is documented as it is declared", () => {
    const file = join(import.meta.dirname, "../../docs/configuration.md");
    assert.equal(
      readFileSync(file, "utf8"),
      configurationMarkdown(),
      "docs/configuration.md is out of date: run `node packages/app/src/cli/write-docs.ts`",
    );
  });
});
