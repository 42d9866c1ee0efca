import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type BreakerEvent,
  type BreakerState,
  breakerClosed,
  breakerPermits,
  deliveryId,
  evolveBreaker,
  parseDeliveryId,
  retryDelayMs,
} from "@sluice/domain";
import fc from "fast-check";

describe("the wait before another attempt", () => {
  it("doubles from one second to one minute", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 1_000, 5_000].map((attempt) => retryDelayMs(attempt, { random: 1 }));
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]);
  });

  it("is shorter by chance, by up to a half", () => {
    assert.equal(retryDelayMs(1, { random: 0 }), 500);
    assert.equal(retryDelayMs(3, { random: 0.5 }), 3_000);
    assert.equal(retryDelayMs(100, { random: 0 }), 30_000);
  });

  it("is what the endpoint asks for where that is longer, up to an hour", () => {
    assert.equal(retryDelayMs(1, { random: 1, retryAfterMs: 120_000 }), 120_000);
    assert.equal(retryDelayMs(7, { random: 1, retryAfterMs: 5_000 }), 60_000);
    assert.equal(retryDelayMs(1, { random: 1, retryAfterMs: 86_400_000 }), 3_600_000);
    for (const retryAfterMs of [0, -5, Number.NaN]) assert.equal(retryDelayMs(1, { random: 1, retryAfterMs }), 1_000);
  });

  it("is a whole number of milliseconds within its bounds", () => {
    const options = fc.record({ random: fc.double({ min: 0, max: 1, noNaN: true }), retryAfterMs: fc.double() });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000 }), options, (attempt, given) => {
        const wait = retryDelayMs(attempt, given);
        assert.ok(Number.isSafeInteger(wait) && wait >= 500 && wait <= 3_600_000, String(wait));
      }),
    );
  });
});

describe("the circuit breaker", () => {
  const after = (state: BreakerState, ...events: readonly (readonly [BreakerEvent, number])[]): BreakerState =>
    events.reduce((current, [event, now]) => evolveBreaker(current, event, now), state);
  const failuresAt = (...times: number[]) => times.map((now) => ["failure", now] as const);
  const opened = after(breakerClosed, ...failuresAt(1, 2, 3, 4, 10_000));

  it("lets everything through until five failures in a row", () => {
    const almost = after(breakerClosed, ...failuresAt(1, 2, 3, 4));
    assert.equal(almost.kind, "closed");
    assert.equal(breakerPermits(almost, 5).count, Number.POSITIVE_INFINITY);
    const reset = after(almost, ["success", 5], ...failuresAt(6, 7, 8, 9));
    assert.equal(reset.kind, "closed");
    assert.equal(after(reset, ["failure", 10]).kind, "open");
  });

  it("lets nothing through for a second, then one at a time", () => {
    assert.equal(opened.kind, "open");
    assert.deepEqual(breakerPermits(opened, 10_000), { count: 0, at: 11_000 });
    assert.deepEqual(breakerPermits(opened, 10_999), { count: 0, at: 11_000 });
    assert.deepEqual(breakerPermits(opened, 11_000), { count: 1, at: 11_000 });
    assert.equal(breakerPermits(opened, 99_000).count, 1);
  });

  it("doubles the pause with each failed probe, to one minute", () => {
    let state = opened;
    const pauses: number[] = [];
    for (let probe = 0; probe < 8; probe++) {
      const { at } = breakerPermits(state, 0);
      state = evolveBreaker(state, "failure", at);
      pauses.push(breakerPermits(state, at).at - at);
    }
    assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("closes when the endpoint answers, and begins again with a short pause", () => {
    const closed = evolveBreaker(evolveBreaker(opened, "failure", 11_000), "success", 13_000);
    assert.deepEqual(closed, breakerClosed);
    const again = after(closed, ...failuresAt(1, 2, 3, 4, 20_000));
    assert.deepEqual(breakerPermits(again, 20_000), { count: 0, at: 21_000 });
  });

  it("takes no notice of attempts that fail while it is open", () => {
    assert.deepEqual(after(opened, ...failuresAt(10_001, 10_500, 10_999)), opened);
  });
});

describe("delivery ids", () => {
  const message = "01890a5d-ac96-774b-bcce-b302099a8057";

  it("have a form that stays", () => {
    const delivery = { messageId: message, flow: "AHT10.x-1", action: "POST_ENDPOINT-2" };
    assert.equal(deliveryId(delivery), `${message}/AHT10.x-1/POST_ENDPOINT-2`);
    assert.equal(
      deliveryId({ ...delivery, attribute: "a/b ü" }),
      `${message}/AHT10.x-1/POST_ENDPOINT-2/a%2Fb%20%C3%BC`,
    );
    assert.equal(deliveryId({ ...delivery, attribute: "" }), `${message}/AHT10.x-1/POST_ENDPOINT-2/`);
  });

  it("say what they are made of, whatever the attribute is called", () => {
    // Units of UTF-16, so also halves of surrogate pairs, which JSON can carry as escapes.
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd7f0, max: 0xe010 }));
    const text = fc.array(unit, { maxLength: 5 }).map((units) => String.fromCharCode(...units));
    const attribute = fc.option(fc.oneof(text, fc.constantFrom("%uD800", "%", "/", "%25", "..")), { nil: undefined });
    fc.assert(
      fc.property(attribute, (name) => {
        const delivery = {
          messageId: message,
          flow: "f",
          action: "a",
          ...(name === undefined ? {} : { attribute: name }),
        };
        const id = deliveryId(delivery);
        assert.ok(id.isWellFormed());
        assert.deepEqual(parseDeliveryId(id), delivery);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are not made of anything else", () => {
    for (const text of ["", "a", "a/b", "a//c", "/b/c", "a/b/", "a/b/c/d/e", "a/b/c/%", "a/b/c/%zz"]) {
      assert.equal(parseDeliveryId(text), null, text);
    }
  });
});
