/** The kinds of the `storage.k8s.io` group. */
import type * as models from "kubernetes-models/storage.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface StorageClass extends Kind<models.IStorageClass> {}
export interface CSIDriver extends Kind<models.ICSIDriver> {}
export interface CSINode extends Kind<models.ICSINode> {}
export interface VolumeAttachment extends Kind<models.IVolumeAttachment> {}

export const storageClasses: Resource<StorageClass> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "storageclasses",
  kind: "StorageClass",
  namespaced: false,
};
export const csiDrivers: Resource<CSIDriver> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "csidrivers",
  kind: "CSIDriver",
  namespaced: false,
};
export const csiNodes: Resource<CSINode> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "csinodes",
  kind: "CSINode",
  namespaced: false,
};
export const volumeAttachments: Resource<VolumeAttachment> = {
  group: "storage.k8s.io",
  version: "v1",
  plural: "volumeattachments",
  kind: "VolumeAttachment",
  namespaced: false,
};
