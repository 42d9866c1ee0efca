/** The settings of a publisher without a gateway: where they come from, what is refused, what is shown. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { BadPublisherSettings, PublisherSettings } from "@sluice/app/publisher";
import { makeDirectory } from "./support.ts";

const errorsOf = (make: () => unknown): readonly string[] => {
  try {
    make();
  } catch (error) {
    assert.ok(error instanceof BadPublisherSettings);
    return error.errors;
  }
  return assert.fail("nothing was refused");
};

describe("publisher settings", () => {
  it("come from an object, a JSON file, a key=value file or MQTT_ variables, and are the same", async (t) => {
    const directory = await makeDirectory(t);
    const json = join(directory, "settings.json");
    writeFileSync(json, '{"client_id":"device-1","broker_host":"broker.example","broker_port":8883,"use_tls":true}');
    const lines = join(directory, "settings.conf");
    writeFileSync(
      lines,
      "# the device\nclient_id = device-1\nbroker_host=broker.example\nBROKER_PORT=8883\nuse_tls='yes'\n",
    );
    const all = [
      PublisherSettings.fromObject({
        clientId: "device-1",
        brokerHost: "broker.example",
        brokerPort: 8883,
        useTls: true,
      }),
      PublisherSettings.fromFile(json),
      PublisherSettings.fromFile(lines),
      PublisherSettings.fromEnvironment({
        MQTT_CLIENT_ID: "device-1",
        MQTT_BROKER_HOST: "broker.example",
        MQTT_BROKER_PORT: "8883",
        MQTT_USE_TLS: "true",
        MQTT_OF_SOMEBODY_ELSE: "x",
      }),
    ];
    for (const settings of all) {
      assert.deepEqual(settings.values, all[0]?.values);
      assert.equal(settings.url, "mqtts://broker.example:8883");
    }
  });

  it("have the defaults of the client that they are taken from", () => {
    const { values, url, warnings } = PublisherSettings.fromObject({ client_id: "x" });
    assert.equal(url, "mqtt://localhost:1883");
    const { maxQueueSize, minBackoff, maxBackoff, dbPath, keepalive } = values;
    assert.deepEqual([maxQueueSize, minBackoff, maxBackoff, dbPath, keepalive], [1_000, 1, 60, "./mqtt_client.db", 60]);
    assert.deepEqual(warnings, []);
  });

  it("are refused with every error at once", () => {
    const errors = errorsOf(() =>
      PublisherSettings.fromObject({
        broker_port: 70_000,
        use_tls: "perhaps",
        max_queue_size: 0,
        min_backoff: 5,
        max_backoff: 2,
        certfile: "/nowhere/cert.pem",
        broker_hots: "x",
      }),
    );
    assert.deepEqual(errors, [
      "broker_port: got 70000; it wants a whole number from 1 to 65535",
      'use_tls: got "perhaps"; it wants true or false (or yes, no, 1, 0)',
      "max_queue_size: got 0; it wants a whole number from 1",
      "broker_hots: there is no such setting; the nearest is brokerHost",
      "MQTT_CLIENT_ID: got nothing; it wants an id that no other client of the broker has",
      "MQTT_KEYFILE: got nothing; certfile and keyfile go together",
      "MQTT_MAX_BACKOFF: got 2; it wants at least the minimum, 5",
      'MQTT_CERTFILE: got "/nowhere/cert.pem"; it wants a readable file (ENOENT)',
    ]);
    assert.deepEqual(
      errorsOf(() => PublisherSettings.fromObject({ clientId: "a", client_id: "b" })),
      ["client_id: it is set twice"],
    );
  });

  it("in a file that cannot be read or is nonsense are refused, without a word of it", async (t) => {
    const directory = await makeDirectory(t);
    assert.match(errorsOf(() => PublisherSettings.fromFile(join(directory, "none")))[0] as string, /ENOENT/);
    const file = join(directory, "bad.json");
    writeFileSync(file, '{"client_id":"x","password":"s3cret-value" oops}');
    const [error = ""] = errorsOf(() => PublisherSettings.fromFile(file));
    assert.match(error, /bad\.json is not valid JSON/);
    assert.doesNotMatch(error, /s3cret/);
  });

  it("show no secret", () => {
    const settings = PublisherSettings.fromObject({
      client_id: "x",
      url: "mqtts://me:s3cret-value@broker.example",
      username: "me",
      password: "s3cret-value",
    });
    for (const text of [JSON.stringify(settings), inspect(settings), `${inspect({ settings }, { depth: 9 })}`]) {
      assert.doesNotMatch(text, /s3cret/);
      assert.match(text, /\*\*\*/);
    }
    assert.doesNotMatch(errorsOf(() => PublisherSettings.fromObject({ password: 5 })).join(), /5/);
  });

  const doubts: readonly [Record<string, unknown>, RegExp][] = [
    [{ use_tls: true, broker_port: 8883 }, /TLS without caCerts/],
    [{ broker_host: "broker.example", username: "me", password: "secret" }, /in clear text/],
    [{ password: "secret" }, /password without username/],
    [{ ca_certs: import.meta.filename }, /have no effect without useTls/],
    [{ enable_health_check: true }, /enable_health_check has no effect here/],
  ];
  for (const [values, warning] of doubts) {
    it(`warn: ${Object.keys(values).join(", ")}`, () => {
      const { warnings } = PublisherSettings.fromObject({ client_id: "x", ...values });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0] as string, warning);
    });
  }
});
