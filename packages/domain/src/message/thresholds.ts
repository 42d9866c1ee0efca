/** Bounds on attributes of one message. */
import type { Threshold } from "@sluice/contracts";
import { ownMember } from "../own-member.ts";
import type { JsonValue } from "../ports/payload.ts";
import { SCALAR_ATTRIBUTE } from "./attributes.ts";

export interface Breach {
  readonly threshold: Threshold;
  /** Finite: a number outside the range of doubles is given as the largest double of its sign. */
  readonly value: number;
}

const NONE: readonly Breach[] = [];

const attributeOf = (value: JsonValue, name: string): JsonValue | undefined => {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return ownMember(value as Readonly<Record<string, JsonValue>>, name);
  }
  return name === SCALAR_ATTRIBUTE ? value : undefined;
};

/**
 * The thresholds that the payload breaches, in their order. Bounds are inclusive; an attribute that is absent or no
 * number breaches nothing: whether it must be there is the schema's business.
 */
export const findBreaches = (thresholds: readonly Threshold[], value: JsonValue): readonly Breach[] => {
  if (thresholds.length === 0) return NONE;
  const breaches: Breach[] = [];
  for (const threshold of thresholds) {
    const actual = attributeOf(value, threshold.attribute);
    if (typeof actual !== "number") continue;
    const tooLow = threshold.min !== undefined && actual < threshold.min;
    const tooHigh = threshold.max !== undefined && actual > threshold.max;
    if (!tooLow && !tooHigh) continue;
    breaches.push({
      threshold,
      value: Math.min(Math.max(actual, -Number.MAX_VALUE), Number.MAX_VALUE),
    });
  }
  return breaches;
};
