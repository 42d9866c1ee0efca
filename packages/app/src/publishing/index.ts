/** Publishing without a gateway: see docs/publishing.md. */
export { Publishers, type PublishTarget, UnknownBroker } from "./publishers.ts";
export { BadPublisherSettings, PublisherSettings, type PublisherValues, publisherFields } from "./settings.ts";
export { openPublisher, type StandaloneOptions, type StandalonePublisher } from "./standalone.ts";
