/** A flow definition and a message that tests vary. */
import type { FlowDefinition, PostEndpointAction, StoreDbAction } from "@sluice/contracts";
import type { DecodedPayload, ExactJsonValue, IncomingMessage } from "@sluice/domain";
import { ExactNumber, plainValue } from "@sluice/domain";

export const storeDb: StoreDbAction = { id: "STORE_DB", type: "STORE_DB" };

export const postEndpoint: PostEndpointAction = {
  id: "POST_ENDPOINT",
  type: "POST_ENDPOINT",
  url: "http://127.0.0.1:9000/readings",
  headers: {},
  timeoutSeconds: 10,
  maxAttempts: 10,
  ordered: false,
  concurrency: 8,
  priority: 5,
};

export const definition = (changes: Partial<FlowDefinition> = {}): FlowDefinition => ({
  code: "AHT10",
  topic: "sensors/{site}/data",
  description: "",
  broker: "default",
  qos: 1,
  payloadSchema: { temperature: "float" },
  payload: { codec: "json", onInvalid: "reject" },
  actions: [storeDb],
  thresholds: [],
  ...changes,
});

/** A number as the codec gives it: exact where a double would lose its text. */
export const exactNumber = (text: string): ExactJsonValue =>
  String(Number(text)) === text ? Number(text) : new ExactNumber(text);

export const decodedAs = (exact: ExactJsonValue): DecodedPayload => ({ ok: true, exact, value: plainValue(exact) });

export const undecodable: DecodedPayload = {
  ok: false,
  errors: [{ pointer: "", keyword: "json", message: "unexpected end of the text" }],
};

export const incoming = (changes: Partial<IncomingMessage> = {}): IncomingMessage => ({
  messageId: "01890a5d-ac96-774b-bcce-b302099a8057",
  source: "mqtt",
  broker: "default",
  topic: "sensors/north/data",
  captures: { site: "north" },
  payload: { encoding: "utf8", data: '{"temperature":20.5}' },
  qos: 1,
  retain: false,
  dup: false,
  receivedAt: "2026-01-02T03:04:05.678Z",
  decoded: decodedAs({ temperature: 20.5 }),
  errors: [],
  ...changes,
});
