import type { Threshold } from "@sluice/contracts";
import type { JsonValue } from "../ports/payload.ts";

export interface Breach {
  readonly threshold: Threshold;
  readonly value: number;
}
