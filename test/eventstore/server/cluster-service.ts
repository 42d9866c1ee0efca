/** Gossip and ServerFeatures: what the client asks before it sends anything else. */

import type { ClusterInfo } from "@eventstore/db-client/generated/gossip_pb.js";
import gossipMessages from "@eventstore/db-client/generated/gossip_pb.js";
import type { SupportedMethods } from "@eventstore/db-client/generated/serverfeatures_pb.js";
import featureMessages from "@eventstore/db-client/generated/serverfeatures_pb.js";
import type { Empty } from "@eventstore/db-client/generated/shared_pb.js";
import shared from "@eventstore/db-client/generated/shared_pb.js";
import type { handleUnaryCall } from "@grpc/grpc-js";

export interface Member {
  readonly port: number;
  readonly role: "leader" | "follower";
  readonly isAlive: boolean;
}

/** VNodeState */
const STATES = { follower: 6, leader: 8 } as const;

export const gossip =
  (node: { readonly members: readonly Member[] | null; readonly port: number }): handleUnaryCall<Empty, ClusterInfo> =>
  (_call, callback) => {
    const members = node.members ?? [{ port: node.port, role: "leader", isAlive: true } as const];
    const info = new gossipMessages.ClusterInfo().setMembersList(
      members.map(({ port, role, isAlive }) =>
        new gossipMessages.MemberInfo()
          .setInstanceId(new shared.UUID().setString(crypto.randomUUID()))
          .setTimeStamp(String(Date.now()))
          .setState(STATES[role])
          .setIsAlive(isAlive)
          .setHttpEndPoint(new gossipMessages.EndPoint().setAddress("127.0.0.1").setPort(port)),
      ),
    );
    callback(null, info);
  };

export const features: handleUnaryCall<Empty, SupportedMethods> = (_call, callback) => {
  const methods = ["read", "append", "batchappend"].map((method) =>
    new featureMessages.SupportedMethod()
      .setServiceName("event_store.client.streams.streams")
      .setMethodName(method)
      .setFeaturesList([]),
  );
  callback(null, new featureMessages.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion("24.10.0"));
};
