/** PUBACK and PUBREC by hand: many in one write. Both are four bytes when the reason code is 0 (MQTT 5, 3.4.2.1). */

const PUBACK = 0x40;
const PUBREC = 0x50;
const PUBCOMP = 0x70;
const PACKET_BYTES = 4;
const QOS_SHIFT = 16;

/** What a received message asks for: its packet identifier and QoS in one number; null at QoS 0. */
export const acknowledgementFor = (qos: 0 | 1 | 2, packetId: number): number | null =>
  qos === 0 ? null : (qos << QOS_SHIFT) | packetId;

/** In the order given. */
export const encodeAcknowledgements = (acknowledgements: readonly number[]): Buffer => {
  const packets = Buffer.allocUnsafe(acknowledgements.length * PACKET_BYTES);
  let at = 0;
  for (const acknowledgement of acknowledgements) {
    packets[at] = acknowledgement >> QOS_SHIFT === 1 ? PUBACK : PUBREC;
    packets[at + 1] = 2;
    packets[at + 2] = (acknowledgement >> 8) & 0xff;
    packets[at + 3] = acknowledgement & 0xff;
    at += PACKET_BYTES;
  }
  return packets;
};

export const encodePubcomp = (packetId: number): Buffer => Buffer.from([PUBCOMP, 2, packetId >> 8, packetId & 0xff]);
