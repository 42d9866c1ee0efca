/** Names of the sinks that keep a cursor: of the cursors, the leases, and in reports. */
export const FORWARDER = "forwarder";
export const PROJECTOR = "projection";
