/** The names by which vmpod's parts find each other in a cluster: `vmpod install` makes the objects, the parts look for them. */
export const defaultNamespace = "vmpod";

export const serviceAccounts = {
  controller: "vmpod-controller",
  extension: "vmpod-api-extension",
  agent: "vmpod-agent",
} as const;

export const extensionService = "vmpod-api-extension";

/** Both the mutating and the validating one. */
export const webhookConfiguration = "vmpod";

export const extensionApiServices = ["v1.subresources.kubevirt.io", "v1alpha3.subresources.kubevirt.io"] as const;

export const certificateSecrets = {
  authority: "vmpod-ca",
  extensionServer: "vmpod-api-extension-tls",
  agentServer: "vmpod-agent-tls",
  nodeApiClient: "vmpod-node-api-client",
} as const;

/** What the certificate of every node agent says: agents are reached by address, which no certificate could know beforehand. */
export const agentServerName = "vmpod-agent";

/** The group whose client certificates node agents obey. */
export const nodeApiGroup = "vmpod:node-api";
