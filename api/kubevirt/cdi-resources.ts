/** The custom resources of the Containerized Data Importer: how disks are filled. */
import type * as models from "@kubevirt-ui-ext/kubevirt-api/containerized-data-importer";
import type { Kind, Resource } from "../meta.ts";

export interface DataVolume extends Kind<models.V1beta1DataVolume> {}
export interface DataSource extends Kind<models.V1beta1DataSource> {}
export interface DataImportCron extends Kind<models.V1beta1DataImportCron> {}
export interface CDIConfig extends Kind<models.V1beta1CDIConfig> {}
export interface CDI extends Kind<models.V1beta1CDI> {}

export const dataVolumes: Resource<DataVolume> = {
  group: "cdi.kubevirt.io",
  version: "v1beta1",
  plural: "datavolumes",
  kind: "DataVolume",
  namespaced: true,
};
export const dataSources: Resource<DataSource> = {
  group: "cdi.kubevirt.io",
  version: "v1beta1",
  plural: "datasources",
  kind: "DataSource",
  namespaced: true,
};
export const dataImportCrons: Resource<DataImportCron> = {
  group: "cdi.kubevirt.io",
  version: "v1beta1",
  plural: "dataimportcrons",
  kind: "DataImportCron",
  namespaced: true,
};
export const cdiConfigs: Resource<CDIConfig> = {
  group: "cdi.kubevirt.io",
  version: "v1beta1",
  plural: "cdiconfigs",
  kind: "CDIConfig",
  namespaced: false,
};
export const cdis: Resource<CDI> = {
  group: "cdi.kubevirt.io",
  version: "v1beta1",
  plural: "cdis",
  kind: "CDI",
  namespaced: false,
};
