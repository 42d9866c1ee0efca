/** The demo's flows: the three of the older gateway, and one with all that it lacked. */
import type { FlowDefinitionInput } from "@sluice/contracts";

/** @param receiverUrl where AHT10_ENDPOINT posts to */
export const demoFlows = (receiverUrl: string): readonly FlowDefinitionInput[] => {
  const payloadSchema = { temperature: "float", humidity: "float" };
  return [
    {
      code: "AHT10_SENSOR",
      description: "Stores every attribute of a temperature and humidity sensor",
      topic: "sensors/aht10",
      payloadSchema,
      actions: [{ type: "STORE_DB" }],
    },
    {
      code: "TEMP_HUM_DB",
      description: "The same for sensors of the second kind",
      topic: "sensor/temperatura_humedad",
      payloadSchema,
      actions: [{ type: "STORE_DB" }],
    },
    {
      code: "AHT10_ENDPOINT",
      description: "Forwards each message to an HTTP endpoint",
      topic: "sensors/aht10/http",
      payloadSchema,
      actions: [{ type: "POST_ENDPOINT", url: `${receiverUrl}/aht10` }],
    },
    {
      code: "SITE_SENSORS",
      description: "Captures site and device from the topic, and notices heat",
      topic: "sensors/{site}/{device}/data",
      payloadSchema: {
        type: "object",
        properties: {
          temperature: { type: "number", minimum: -40, maximum: 85 },
          humidity: { type: "number", minimum: 0, maximum: 100 },
          at: { type: "string", format: "date-time" },
        },
        required: ["temperature", "humidity"],
      },
      payload: { timestamp: "/at" },
      actions: [{ type: "STORE_DB", attributes: ["temperature", "humidity"] }],
      thresholds: [{ attribute: "temperature", max: 30, onBreach: "flag" }],
    },
  ];
};
