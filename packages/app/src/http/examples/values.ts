/** What the examples have in common. */
export const CODE = "AHT10_SENSOR";
export const TOPIC = "sensors/hall/aht10";
export const URL = "https://example.com/readings";
export const AT = "2026-01-31T12:00:00.000Z";
export const RECEIVED_AT = "2026-01-31T12:34:56.789Z";
export const MESSAGE_ID = "019c1447-9135-7d5d-a1e8-e620b332e698";
export const EVENT_ID = "019c1447-9136-7de4-8e2b-52a1c8d3f207";
