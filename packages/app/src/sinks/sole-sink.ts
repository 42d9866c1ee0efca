/** The lease where no other gateway can write to the log: always held. */
import type { Hold, SinkLease } from "@sluice/domain";

const held: Hold = { lost: new Promise(() => {}), release: async () => {} };

export const soleSink: SinkLease = { hold: async () => held };
