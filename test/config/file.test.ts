/** The config file in its three forms. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfiguration } from "@sluice/app/config";

const load = (path: string, content: string) =>
  loadConfiguration({ env: { SLUICE_CONFIG: path }, cwd: "/", readFile: () => content });

const SETTINGS = { mqttUrl: "mqtt://broker", adminPort: 9000, mqttClientId: "edge = 1", mqttUseTls: false };

const forms: readonly [string, string, string][] = [
  ["JSON", "c.json", '{"MQTT_URL":"mqtt://broker","admin_port":9000,"mqttClientId":"edge = 1","mqttUseTls":false}'],
  ["JSON by its content", "c.conf", '\n {"MQTT_URL":"mqtt://broker","admin_port":"9000","mqttClientId":"edge = 1"}'],
  ["YAML", "c.yml", "# ours\nMQTT_URL: mqtt://broker\nadmin_port: 9000\nmqttClientId: edge = 1\nmqttUseTls: no\n"],
  ["YAML by its content", "conf", "MQTT_URL: mqtt://broker\nadmin_port: 9000\nmqttClientId: edge = 1\nlog_dir:\n"],
  [
    "key=value",
    "c.env",
    "# ours\n\nMQTT_URL=mqtt://broker\nexport ADMIN_PORT = 9000\nmqttClientId='edge = 1'\nlog_dir=\n",
  ],
  [
    "key=value after a byte order mark",
    "c",
    '\uFEFFmqtt_url=mqtt://broker\r\nadmin_port="9000"\r\nmqtt_client_id=edge = 1',
  ],
];

describe("config file", () => {
  for (const [name, path, content] of forms) {
    it(`reads ${name}`, () => {
      const result = load(path, content);
      assert.ok(result.ok, result.ok ? "" : result.errors.join("\n"));
      const { mqttUrl, adminPort, mqttClientId, mqttUseTls } = result.configuration;
      assert.deepEqual({ mqttUrl, adminPort, mqttClientId, mqttUseTls }, SETTINGS);
    });
  }

  const bad: readonly [string, string, string, RegExp][] = [
    ["an unknown key", "c.yaml", "mqtt_usrname: x", /^mqtt_usrname in c\.yaml: .* the nearest is mqtt_username$/],
    ["an unknown key in capitals", "c.env", "MQTT_UR=x", /the nearest is MQTT_URL$/],
    [
      "a key twice",
      "c.yaml",
      "data_dir: a\ndataDir: b",
      /^DATA_DIR: c\.yaml sets it twice, as data_dir and as dataDir$/,
    ],
    ["a list", "c.yaml", "- a\n- b", /^SLUICE_CONFIG: c\.yaml is not valid YAML: it is no list of settings$/],
    ["a structure for text", "c.json", '{"dataDir":{"a":1}}', /^DATA_DIR: got \{"a":1\} \(dataDir in c\.json\)/],
    ["broken JSON", "c.json", '{"mqttPassword":"hunter2"', /^SLUICE_CONFIG: c\.json is not valid JSON: (?!.*hunter2)/],
    ["broken JSON around a secret", "c.json", '{"mqttPassword":hunter2}', /^SLUICE_CONFIG: c\.json (?!.*hunter2)/],
    [
      "broken YAML",
      "c.yaml",
      "mqttPassword: 'hunter2\nx: [",
      /^SLUICE_CONFIG: c\.yaml is not valid YAML: (?!.*hunter2)/,
    ],
    ["many aliases", "c.yaml", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", /^SLUICE_CONFIG: c\.yaml is not valid YAML/],
    [
      "an unquoted number for a secret",
      "c.yaml",
      "mqttPassword: 0123",
      /^MQTT_PASSWORD: got a value that is not shown/,
    ],
  ];
  for (const [name, path, content, error] of bad) {
    it(`refuses ${name}`, () => {
      const result = load(path, content);
      assert.ok(!result.ok);
      assert.match(result.errors[0] ?? "", error);
    });
  }
});
