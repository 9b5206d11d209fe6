/**
 * Which users are vmpod's own components: they may change what users may not, e.g. a running instance.
 * The embedded mode knows them by their client certificates, a cluster by their service accounts; neither trusts the
 * other's names, which there anybody might be able to bear.
 */
import type { UserInfo } from "../../../api/admission.ts";
import { serviceAccounts } from "../../base/cluster-names.ts";

export type OwnComponents = (user: UserInfo) => boolean;

export const embeddedComponents: OwnComponents = ({ name, groups }) =>
  name.startsWith("system:vmpod:") || groups.includes("vmpod:node-api") || groups.includes("system:nodes");

export function clusterComponents(namespace: string): OwnComponents {
  const names = new Set(Object.values(serviceAccounts).map((name) => `system:serviceaccount:${namespace}:${name}`));
  return ({ name }) => names.has(name);
}
