/**
 * What decoding and validating costs, as a ratio to JSON.parse alone in the same run.
 *
 * `node bench/payload.ts`
 */
import { AjvPayloadValidator, JsonPayloadCodec } from "@sluice/adapter-ajv";

const CALLS = 1_000_000;
const ROUNDS = 5;

const payloads: Readonly<Record<string, string>> = {
  "3 attributes with spaces": '{"temperature": 21.5, "humidity": 48.2, "battery": 87}',
  "3 attributes, compact": '{"temperature":21.5,"humidity":48.2,"battery":87}',
  "3 attributes, one exact": '{"temperature": 21.0, "humidity": 48.2, "battery": 87}',
  "nested, 170 bytes":
    '{"deviceId":"a1b2c3d4","ts":1730000000123,"temperature":20.1,"humidity":40,"loc":{"lat":52.37403,"lon":4.88969},' +
    '"readings":[{"n":"t","v":21.55},{"n":"h","v":48.12}],"ok":true}',
};
const schema = {
  type: "object",
  required: ["temperature", "humidity"],
  properties: {
    temperature: { type: "number", minimum: -40, maximum: 85 },
    humidity: { type: "number", minimum: 0, maximum: 100 },
    battery: { type: "integer" },
  },
};

/** Nanoseconds a call, the best of some rounds: the machine is not ours alone. */
const measure = (run: () => unknown): number => {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    for (let call = 0; call < CALLS / ROUNDS; call++) run();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / (CALLS / ROUNDS));
  }
  return best;
};

const codec = new JsonPayloadCodec();
const validate = new AjvPayloadValidator().compile(schema);
const format = (ns: number): string => `${ns.toFixed(0).padStart(6)} ns`;

console.log("payload                     JSON.parse   decode  decode+validate   ratio");
for (const [name, text] of Object.entries(payloads)) {
  const bytes = new TextEncoder().encode(text);
  const plain = measure(() => JSON.parse(text));
  const decode = measure(() => codec.decode(bytes));
  const both = measure(() => {
    const result = codec.decode(bytes);
    if (!result.ok || validate(result.value).length > 0) throw new Error("the payload should be valid");
  });
  console.log(
    `${name.padEnd(26)} ${format(plain)} ${format(decode)}    ${format(both)}       ${(both / plain).toFixed(2)}`,
  );
}
