/** docs/examples/resilient-publisher, as it is: the broker is killed, then the program, and every line arrives once. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { mosquittoProgram, startMosquitto } from "../support/mosquitto.ts";
import { requireService } from "../support/services.ts";
import { TcpLink } from "../support/tcp-link.ts";
import { makeDirectory, Subscriber, until } from "./support.ts";

const MAIN = join(import.meta.dirname, "../../docs/examples/resilient-publisher/src/main.ts");

const run = (t: TestContext, env: Record<string, string>) => {
  const child: ChildProcess = spawn(process.execPath, [MAIN, "example"], { env: { PATH: process.env.PATH, ...env } });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => (output += text));
  return {
    child,
    say: (...lines: string[]) => child.stdin?.write(lines.map((line) => `${line}\n`).join("")),
    said: (text: string) => until(`the example says ${text}; it said ${output}`, () => output.includes(text)),
    output: () => output,
  };
};

it("the example publishes every line once and in order, whatever is killed", async (t) => {
  if (!requireService(t, "mosquitto", mosquittoProgram)) return;
  const broker = await startMosquitto();
  t.after(() => broker.stop());
  const link = await TcpLink.open(() => broker.port);
  t.after(() => link.close());
  const env = {
    MQTT_CLIENT_ID: "example",
    MQTT_BROKER_HOST: "127.0.0.1",
    MQTT_BROKER_PORT: String(link.port),
    MQTT_DB_PATH: join(await makeDirectory(t), "example.db"),
    MQTT_MIN_BACKOFF: "0.05",
    MQTT_MAX_BACKOFF: "0.1",
  };
  const first = run(t, env);
  first.say("1");
  await first.said("acknowledged 1 ");

  await broker.kill();
  link.interrupt();
  first.say("2", "3", "4", "5", "6");
  await first.said("queued 6");
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  await broker.start();
  const subscriber = await Subscriber.open(t, broker.url, "example");
  link.restore();
  const second = run(t, env);
  second.say("7");
  await second.said("acknowledged 7 ");
  await subscriber.has(6);
  await subscriber.settled();
  assert.deepEqual(subscriber.texts, ["2", "3", "4", "5", "6", "7"]);
  second.child.stdin?.end();
  const [code] = await once(second.child, "exit");
  assert.equal(code, 0, second.output());
});

it("the example says what is wrong with its settings", async (t) => {
  const { child, said } = run(t, { MQTT_BROKER_PORT: "http" });
  const [code] = await once(child, "exit");
  assert.equal(code, 2);
  await said('MQTT_BROKER_PORT: got "http"; it wants a whole number from 1 to 65535');
  await said("MQTT_CLIENT_ID: got nothing");
});
