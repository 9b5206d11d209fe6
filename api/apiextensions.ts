/** The kinds of the `apiextensions.k8s.io` group. */
import type * as models from "kubernetes-models/apiextensions.k8s.io/v1";
import type { Kind, Resource } from "./meta.ts";

export interface CustomResourceDefinition extends Kind<models.ICustomResourceDefinition> {}

export type CustomResourceDefinitionSpec = models.ICustomResourceDefinitionSpec;
export type CustomResourceDefinitionStatus = models.ICustomResourceDefinitionStatus;
export type CustomResourceDefinitionCondition = models.ICustomResourceDefinitionCondition;
export type CustomResourceDefinitionNames = models.ICustomResourceDefinitionNames;
export type CustomResourceDefinitionVersion = models.ICustomResourceDefinitionVersion;
export type CustomResourceColumnDefinition = models.ICustomResourceColumnDefinition;
export type CustomResourceSubresources = models.ICustomResourceSubresources;
export type CustomResourceSubresourceScale = models.ICustomResourceSubresourceScale;
export type JSONSchemaProps = models.IJSONSchemaProps;

export const customResourceDefinitions: Resource<CustomResourceDefinition> = {
  group: "apiextensions.k8s.io",
  version: "v1",
  plural: "customresourcedefinitions",
  kind: "CustomResourceDefinition",
  namespaced: false,
};
