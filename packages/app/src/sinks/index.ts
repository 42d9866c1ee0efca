export { DeliveryRunner, type DeliveryRunnerDependencies } from "./delivery-runner.ts";
export { countKey, Forwarder, groupOf } from "./forwarder.ts";
export { Projector } from "./projector.ts";
export { ResultLog } from "./result-log.ts";
export { LogFollower } from "./sink.ts";
export { FORWARDER, PROJECTOR } from "./sink-names.ts";
