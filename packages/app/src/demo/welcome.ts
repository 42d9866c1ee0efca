/** What the demo prints once it runs: where to look and what to try. */
import { relative } from "node:path";
import { coloured } from "../cli/output.ts";

export interface Welcome {
  readonly adminUrl: string;
  readonly brokerUrl: string;
  readonly receiverUrl: string;
  readonly token: string;
  readonly dataDir: string;
  readonly devices: readonly string[];
  /** Ports as configured, which may have been taken. */
  readonly asked: { readonly adminPort: number; readonly brokerPort: number };
}

const SAMPLE = `'{"temperature":21.5,"humidity":48.2}'`;
const SLUICE = "npx -y pnpm@12.21.0 sluice";

const takenNote = (url: string, asked: number): string =>
  asked === 0 || new URL(url).port === `${asked}` ? "" : `   (${asked} was taken)`;

export const welcome = ({ adminUrl, brokerUrl, receiverUrl, token, dataDir, devices, asked }: Welcome): string => {
  const broker = new URL(brokerUrl);
  const directory = relative(process.cwd(), dataDir) || ".";
  const head = (text: string): string => coloured("bold", text);
  const curl = (path: string): string => `  curl -s -H 'Authorization: Bearer ${token}' '${adminUrl}${path}'`;
  return [
    "",
    head("The Sluice demo is running. Ctrl-C stops it; its data stays in its directory."),
    "",
    `  API documentation  ${adminUrl}/documentation${takenNote(adminUrl, asked.adminPort)}`,
    `  health             ${adminUrl}/health`,
    `  receiver           ${receiverUrl}/   what was forwarded, byte for byte`,
    `  broker             ${brokerUrl}${takenNote(brokerUrl, asked.brokerPort)}`,
    `  token              ${token}`,
    `  directory          ${directory}`,
    `  devices            ${devices.join(", ")}: one message a second each, some of them bad`,
    "",
    head("Publish by hand"),
    `  mosquitto_pub -h ${broker.hostname} -p ${broker.port} -q 1 -t sensors/aht10 -m ${SAMPLE}`,
    `  ${SLUICE} publish --data-dir ${directory} sensors/aht10 ${SAMPLE}`,
    "",
    head("See what came of it"),
    curl("/api/v1/data?flow=AHT10_SENSOR&order=desc&limit=4"),
    curl("/api/v1/events?type=ValidationFailed,ThresholdBreached&order=desc&limit=4"),
    `  curl -s ${receiverUrl}/last`,
    `  ${SLUICE} flows list --data-dir ${directory}`,
    `  ${SLUICE} events --data-dir ${directory} --order desc --limit 20`,
    "",
  ].join("\n");
};
