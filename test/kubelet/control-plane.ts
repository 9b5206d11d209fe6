/** The API server that a test's node belongs to, and the certificates with which the two know each other. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { configMaps, serviceAccounts } from "../../api/core.ts";
import { type Apiserver, runApiserver } from "../../src/apiserver/server.ts";
import { isStatus } from "../../src/base/errors.ts";
import { createLogger } from "../../src/base/log.ts";
import type { Client } from "../../src/client/client.ts";
import { ensureCa } from "../../src/pki/authority.ts";
import { issueCertificate, type KeyPair } from "../../src/pki/certificate.ts";
import { writeKubeconfig } from "../../src/pki/kubeconfig.ts";
import { ensureServiceAccountKey } from "../../src/pki/service-account.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { EnvironmentOptions } from "./environment.ts";
import type { KubeletProcessConfig } from "./kubelet-process.ts";

export async function startApi(options: EnvironmentOptions, dir: string): Promise<Apiserver> {
  const pki = join(dir, "pki");
  const authority = await ensureCa(pki);
  const ipAddresses = ["127.0.0.1"];
  const serving = await issueCertificate(authority, {
    commonName: "kube-apiserver",
    ipAddresses,
    dnsNames: ["localhost"],
    usages: ["server"],
  });
  const toKubelet = await issueCertificate(authority, {
    commonName: "kube-apiserver-kubelet-client",
    organizations: ["vmpod:kubelet-api"],
    usages: ["client"],
  });
  const server = await runApiserver({
    store: createMemoryStore(),
    bindAddress: "127.0.0.1",
    port: options.apiPort,
    advertiseAddress: "127.0.0.1",
    certificatePem: serving.certificatePem,
    keyPem: serving.keyPem,
    clientCaPem: authority.certificatePem,
    serviceAccountKey: await ensureServiceAccountKey(pki),
    serviceCidrs: [options.serviceCidr],
    kubelet: { ...toKubelet, caPem: authority.certificatePem },
    log: createLogger("apiserver"),
  });
  const admin = await issueCertificate(authority, {
    commonName: "kubernetes-admin",
    organizations: ["system:masters"],
    usages: ["client"],
  });
  await writeConfig(join(dir, "admin.kubeconfig"), options.apiPort, authority.certificatePem, admin);
  return server;
}

/** What pods of a namespace rely on and controllers make, which do not run here. */
export async function asControllersDo(client: Client, certificateAuthority: string): Promise<void> {
  const namespace = "default";
  await client.create(configMaps, {
    metadata: { name: "kube-root-ca.crt", namespace },
    data: { "ca.crt": certificateAuthority },
  });
  await client.create(serviceAccounts, { metadata: { name: "default", namespace } }).catch((error: unknown) => {
    assert.ok(isStatus(error, "AlreadyExists"));
  });
}

async function writeConfig(path: string, port: number, ca: string, pair: KeyPair): Promise<void> {
  await writeKubeconfig(path, {
    name: "test",
    server: `https://127.0.0.1:${port}`,
    certificateAuthorityPem: ca,
    clientCertificatePem: pair.certificatePem,
    clientKeyPem: pair.keyPem,
  });
}

export interface NodePlace {
  dir: string;
  rootDir: string;
  nodeName: string;
  socket: string;
}

export async function writeKubeletConfig(options: EnvironmentOptions, place: NodePlace): Promise<string> {
  const authority = await ensureCa(join(place.dir, "pki"));
  const serving = await issueCertificate(authority, {
    commonName: place.nodeName,
    ipAddresses: ["127.0.0.1"],
    usages: ["server"],
  });
  const client = await issueCertificate(authority, {
    commonName: `system:node:${place.nodeName}`,
    organizations: ["system:nodes"],
    usages: ["client"],
  });
  const kubeconfig = join(place.dir, "node.kubeconfig");
  await writeConfig(kubeconfig, options.apiPort, authority.certificatePem, client);
  const config: KubeletProcessConfig = {
    kubeconfig,
    nodeName: place.nodeName,
    instance: options.instance,
    criSocket: place.socket,
    rootDir: place.rootDir,
    addressesDir: join(place.dir, "attached-ipam"),
    port: options.kubeletPort,
    tls: { certificate: serving.certificatePem, key: serving.keyPem, clientCa: authority.certificatePem },
    clusterDns: [],
    clusterDomain: "cluster.local",
    nodeIp: "127.0.0.1",
    podCidrs: [options.podCidr],
    devices: [{ name: "devices.kubevirt.io/tun", capacity: 100, paths: ["/dev/net/tun"] }],
  };
  const file = join(place.dir, "kubelet.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}
