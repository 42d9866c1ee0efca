import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MessageSource } from "@sluice/domain";
import type { MqttClient } from "mqtt";
import { requireService } from "../support/services.ts";
import { messageSourceDefinitions } from "./message-source.ts";
import { messageSourceAdapters } from "./message-source-adapters.ts";
import { connectDevice } from "./message-source-support.ts";

const PUBACK = 4;
const PUBREC = 5;

for (const adapter of messageSourceAdapters) {
  describe(`message source: ${adapter.name}`, () => {
    test("opts out only of definitions that there are", () => {
      const names = new Set(messageSourceDefinitions.map((definition) => definition.name));
      assert.equal(names.size, messageSourceDefinitions.length);
      assert.deepEqual(
        Object.keys(adapter.notSupported).filter((name) => !names.has(name)),
        [],
      );
    });

    for (const { name, needs, run } of messageSourceDefinitions) {
      test(name, { skip: adapter.notSupported[name] ?? false }, async (t) => {
        if (!requireService(t, adapter.service.name, adapter.service.available)) return;
        if (needs && !adapter.capabilities[needs]) {
          t.skip(`the adapter has no ${needs}`);
          return;
        }
        const rig = await adapter.create();
        const sources: MessageSource[] = [];
        const devices: MqttClient[] = [];
        t.after(async () => {
          for (const device of devices) await device.endAsync(true);
          for (const source of sources) await source.stop();
          await rig.remove();
        });
        await run({
          capabilities: adapter.capabilities,
          deviceUrl: rig.deviceUrl,
          link: rig.link,
          acknowledgements: () => rig.link[rig.acknowledged].filter(({ type }) => type === PUBACK || type === PUBREC),
          open: (options) => {
            const source = rig.open(options);
            sources.push(source);
            return source;
          },
          device: async (options) => {
            const device = await connectDevice(rig.deviceUrl(), options);
            devices.push(device);
            return device;
          },
          restartBroker: rig.restartBroker,
          killBroker: rig.killBroker,
          startBroker: rig.startBroker,
        });
      });
    }
  });
}
