/** A gateway whose log tests tamper with. */
import { connectAsync } from "mqtt";
import { eventually, type GatewayProcess } from "../support/gateway-process.ts";

export const FLOW = "SEALED";

export const defineFlow = (gateway: GatewayProcess): Promise<void> =>
  gateway.define({
    code: FLOW,
    topic: "sealed/+",
    payloadSchema: { temperature: "float", status: "string" },
    actions: [{ type: "STORE_DB" }],
  });

/** Each makes three events. */
export const publish = async (gateway: GatewayProcess, count: number, from = 0): Promise<void> => {
  const client = await connectAsync(gateway.brokerUrl);
  await Promise.all(
    Array.from({ length: count }, (_, index) =>
      client.publishAsync(
        "sealed/device-1",
        JSON.stringify({ temperature: 20 + (from + index) / 10, status: `number ${from + index}` }),
        { qos: 1 },
      ),
    ),
  );
  await client.endAsync();
};

/** Waits until everything in the log is sealed. @returns how many events that are */
export const sealed = (gateway: GatewayProcess): Promise<number> =>
  eventually(async () => {
    const { body } = await gateway.api("/health");
    const sealer = body.sinks.find(({ name }: { name: string }) => name === "sealer");
    if (body.log.unacknowledged > 0 || sealer?.lagEvents !== 0) return false;
    return (await gateway.metric("sluice_sealed_events")).get("");
  }, "everything is sealed");
