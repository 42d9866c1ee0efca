/** Whatever is given, the loader either has a valid configuration or says what is wrong. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AjvPayloadValidator } from "@sluice/adapter-ajv";
import { describeConfiguration, loadConfiguration, redactUrl } from "@sluice/app/config";
import { configurationFields } from "@sluice/contracts";
import type { JsonValue } from "@sluice/domain";
import fc from "fast-check";

const names = Object.values(configurationFields).flatMap(({ env }) => [env, `${env}_FILE`]);
const keys = Object.keys(configurationFields);

const value = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "1", "0", "-1", "true", "no", "mqtt://a", "mqtts://u:p@h:1/x?y", "sqlite:a", "/dev/null", "info"),
  fc.webUrl(),
  fc.nat().map(String),
);
const environment = fc.dictionary(fc.oneof(fc.constantFrom(...names, "SLUICE_CONFIG"), fc.string()), value);
const content = fc.oneof(
  fc.string(),
  fc
    .dictionary(fc.oneof(fc.constantFrom(...names, ...keys), fc.string()), fc.jsonValue())
    .map((x) => JSON.stringify(x)),
  fc.array(fc.tuple(fc.constantFrom(...keys), value)).map((lines) => lines.map(([k, v]) => `${k}=${v}`).join("\n")),
  fc.array(fc.tuple(fc.constantFrom(...keys), value)).map((lines) => lines.map(([k, v]) => `${k}: ${v}`).join("\n")),
);

const invalid = new AjvPayloadValidator().compile({
  type: "object",
  properties: Object.fromEntries(Object.entries(configurationFields).map(([key, field]) => [key, field.schema])),
  required: Object.entries(configurationFields).flatMap(([key, field]) => ("default" in field.schema ? [key] : [])),
  additionalProperties: false,
});

describe("configuration: any input", () => {
  it("gives a valid configuration or errors, and never throws", () => {
    fc.assert(
      fc.property(
        environment,
        fc.dictionary(fc.constantFrom(...keys, "config"), value),
        content,
        fc.boolean(),
        (env, flags, file, exists) => {
          const readFile = (): string => {
            if (exists) return file;
            throw new Error("no such file");
          };
          const result = loadConfiguration({ env, flags, readFile, cwd: "/" });
          if (result.ok) {
            assert.deepEqual(invalid(result.configuration as unknown as JsonValue), []);
            describeConfiguration(result.configuration, result.sources);
          } else {
            assert.ok(result.errors.length > 0);
            for (const error of result.errors) assert.match(error, /: /);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("never shows the password of a URL", () => {
    const password = fc.string({ minLength: 8 }).filter((text) => /^[^*]+$/.test(text));
    fc.assert(
      fc.property(password, fc.constantFrom("mqtt", "postgres", "http"), fc.boolean(), (secret, scheme, encoded) => {
        const shown = redactUrl(`${scheme}://user:${encoded ? encodeURIComponent(secret) : secret}@host:1883/x`);
        assert.ok(!shown.includes(secret) && !shown.includes(encodeURIComponent(secret)), shown);
      }),
    );
  });

  it("leaves a URL without secrets as it is", () => {
    for (const url of ["mqtt://host", "sqlite:/data/a@b.db", "mqtt://user@host:1883", "https://h/x?y=1"]) {
      assert.equal(redactUrl(url), url);
    }
    assert.equal(redactUrl("https://u:p@h/x?token=abc&y=1"), "https://u:***@h/x?token=***&y=1");
  });
});
