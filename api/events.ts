/** The kinds of the `events.k8s.io` group: the same stored objects as the core group's events, seen through newer field names. */
import type * as models from "kubernetes-models/events.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Event extends Kind<models.IEvent> {}

export type EventSeries = models.IEventSeries;

export const events: Resource<Event> = {
  group: "events.k8s.io",
  version: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
};
