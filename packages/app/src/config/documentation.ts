/** docs/configuration.md, made from the declarations. */
import { CONFIG_VARIABLE, fields, flagName } from "./names.ts";
import { wants } from "./parse-value.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const INTRODUCTION = `# Configuration

<!-- Made from packages/contracts/src/configuration.ts by \`node packages/app/src/cli/write-docs.ts\`. -->

Every setting can be given in four places. The first that has it wins:

1. a flag: \`--mqtt-url\` for \`MQTT_URL\`;
2. the environment: \`MQTT_URL\`. A variable that is set to nothing counts as not set;
3. a config file, named by \`${CONFIG_VARIABLE}\` or \`--config\`;
4. the default.

The gateway checks everything before it starts. If something is wrong it prints every error at once, each with the
variable, what it got and what it wants, and exits with code 2. \`sluice config\` prints the effective values and where
each came from, with secrets hidden. Relative paths are relative to the directory that the gateway is started in.

## Settings
`;

const AFTER = `
Numbers are plain decimal numbers; booleans are \`true\`, \`false\`, \`yes\`, \`no\`, \`1\` or \`0\`.

## Secrets

A secret can also be read from a file, as containers mount them: \`MQTT_PASSWORD_FILE=/run/secrets/mqtt\` reads
\`MQTT_PASSWORD\` from that file, without the line break at its end. Setting both is an error. Secrets have no flag of
their own, since every user of a machine can read the arguments of its processes; the file has one
(\`--mqtt-password-file\`). Passwords are never printed or logged, those in URLs included.

## The config file

JSON, YAML, or lines of \`key=value\` with \`#\` comments. Files called \`.json\`, \`.yaml\` or \`.yml\` are what they are
called; any other is recognised by its content. A key is the name of the variable in upper or lower case, or in camelCase:

\`\`\`yaml
data_dir: /var/lib/sluice
mqttUrl: mqtts://broker.example:8883
MQTT_PASSWORD_FILE: /run/secrets/mqtt
\`\`\`

An unknown key is an error, and the nearest known one is named.

## Rules over several settings

- \`MQTT_CERTFILE\` and \`MQTT_KEYFILE\` are given together or not at all, and every file must exist and be readable.
- \`MQTT_USE_TLS\` makes \`mqtts://\` of \`mqtt://\` and \`wss://\` of \`ws://\`.
- \`ADMIN_PORT\` and \`EMBEDDED_BROKER_PORT\` differ, and so do the files of \`EVENT_STORE_URL\` and \`PROJECTION_URL\`.
- A warning is logged for TLS without \`MQTT_CA_CERTS\`, for a password that goes to another machine without TLS, for
  settings that the embedded broker has no use for, and for a variable whose name looks like a misspelt one of these.
`;

export const configurationMarkdown = (): string => {
  const rows = fields.map(([, field]) => {
    const fallback = "default" in field.schema ? `\`${field.schema.default}\`` : "none";
    const secret = field.secret ? " Secret." : "";
    const example = field.example === undefined ? "" : ` Example: \`${field.example}\`.`;
    const flag = field.secret && field.kind !== "url" ? flagName(`${field.env}_FILE`) : flagName(field.env);
    return [`\`${field.env}\``, `\`${flag}\``, fallback, wants(field), `${field.description}${secret}${example}`];
  });
  const table = [["variable", "flag", "default", "wants", "meaning"], ["---", "---", "---", "---", "---"], ...rows]
    .map((row) => `| ${row.map(cell).join(" | ")} |`)
    .join("\n");
  return `${INTRODUCTION}\n${table}\n${AFTER}`;
};
