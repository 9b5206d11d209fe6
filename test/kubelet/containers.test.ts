/** What a container sees and may do: environment, names, users, privileges, devices. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Container, configMaps, secrets } from "../../api/core.ts";
import { leases } from "../../api/coordination.ts";
import { container, inside, isReady, namespace, node, runReady, statusOf, untilText, useNode } from "./pod-fixture.ts";

useNode("vkt1", 0);

test("the node is registered with capacity, conditions and a lease", async () => {
  const text = await node.kubectl("get", "node", node.nodeName, "-o", "wide");
  assert.match(text, /Ready .*containerd:\/\//);
  const described = await node.kubectl("describe", "node", node.nodeName);
  assert.match(described, /devices.kubevirt.io\/tun:\s+100/);
  const lease = await node.client.get(leases, { namespace: "kube-node-lease", name: node.nodeName });
  assert.equal(lease.spec?.holderIdentity, node.nodeName);
});

describe("environment", () => {
  test("variables from everywhere, in order", async () => {
    await node.client.create(configMaps, {
      metadata: { name: "settings", namespace },
      data: { color: "blue", SIZE: "9" },
    });
    await node.client.create(secrets, {
      metadata: { name: "hidden", namespace },
      data: { password: Buffer.from("s3cret").toString("base64") },
    });
    const env: Container["env"] = [
      { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
      { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
      { name: "TIER", valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
      { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "hidden", key: "password" } } },
      { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
      { name: "BOTH", value: "$(COLOR)-$(CM_SIZE)-$(NONE)-$$(COLOR)" },
      { name: "MAYBE", valueFrom: { secretKeyRef: { name: "none", key: "none", optional: true } } },
    ];
    const envFrom = [{ prefix: "CM_", configMapRef: { name: "settings" } }];
    const limits = { memory: "64Mi" };
    const pod = await runReady(
      "env",
      {
        containers: [
          container({ env, envFrom, resources: { limits }, command: ["sh", "-c", "echo arg=$(COLOR); sleep 1000"] }),
        ],
      },
      { labels: { tier: "back" } },
    );
    const seen = Object.fromEntries(
      (await inside("env", "env"))
        .trim()
        .split("\n")
        .map((line) => line.split("=")),
    );
    assert.equal(seen["NAME"], "env");
    assert.equal(seen["IP"], pod.status?.podIP);
    assert.equal(seen["TIER"], "back");
    assert.equal(seen["PASSWORD"], "s3cret");
    assert.equal(seen["MEMORY"], "64");
    assert.equal(seen["BOTH"], "blue-9-$(NONE)-$(COLOR)");
    assert.equal(seen["MAYBE"], undefined);
    await untilText(() => node.kubectl("logs", "env"), "arg=blue\n");
  });

  test("a missing ConfigMap holds the container back until it is there", async () => {
    const env = [{ name: "A", valueFrom: { configMapKeyRef: { name: "later", key: "a" } } }];
    await node.run("late", { containers: [container({ env })] });
    await node.podUntil(
      "late",
      "waiting for its ConfigMap",
      (pod) => statusOf(pod)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    await node.client.create(configMaps, { metadata: { name: "later", namespace }, data: { a: "b" } });
    await node.podUntil("late", "ready", isReady);
  });

  test("/etc/hosts, hostname and resolv.conf", async () => {
    await runReady("names", {
      hostname: "here",
      subdomain: "sub",
      hostAliases: [{ ip: "192.0.2.7", hostnames: ["db", "db.local"] }],
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.53"], searches: ["example.org"], options: [{ name: "ndots", value: "2" }] },
    });
    const hosts = await inside("names", "cat /etc/hosts");
    assert.match(hosts, /192\.0\.2\.7\tdb\tdb\.local/);
    assert.match(hosts, /here\.sub\.default\.svc\.cluster\.local\there/);
    assert.equal(await inside("names", "hostname"), "here\n");
    const resolver = await inside("names", "cat /etc/resolv.conf");
    assert.match(resolver, /search example.org\nnameserver 192.0.2.53\noptions ndots:2/);
  });
});

describe("security", () => {
  test("the restricted level, seen from inside", async () => {
    await runReady("restricted", {
      securityContext: {
        runAsUser: 107,
        runAsGroup: 107,
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        container({
          securityContext: {
            capabilities: { drop: ["ALL"] },
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
          },
          resources: { limits: { "devices.kubevirt.io/tun": "1" } },
        }),
      ],
    });
    const status = await inside("restricted", "cat /proc/self/status; id; ls -ln /dev/net/tun");
    assert.match(status, /CapEff:\t0000000000000000/);
    assert.match(status, /NoNewPrivs:\t1/);
    assert.match(status, /Seccomp:\t2/);
    assert.match(status, /uid=107 gid=107/);
    assert.match(status, /crw-\S+\s+1 107\s+107 .*\/dev\/net\/tun/);
    await assert.rejects(inside("restricted", "touch /x"), /Read-only file system/);
  });

  test("an image that runs as root is refused where root is not allowed", async () => {
    await node.run("nonroot", { containers: [container({ securityContext: { runAsNonRoot: true } })] });
    const pod = await node.podUntil(
      "nonroot",
      "refused",
      (found) => statusOf(found)?.state?.waiting?.reason === "CreateContainerConfigError",
    );
    assert.match(statusOf(pod)?.state?.waiting?.message ?? "", /runAsNonRoot and image will run as root/);
  });

  test("privileged, host network and host pid", async () => {
    await runReady("hostly", {
      hostNetwork: true,
      hostPID: true,
      containers: [container({ securityContext: { privileged: true } })],
    });
    const status = await inside("hostly", "grep CapEff /proc/self/status; ls /sys/class/net; ps | wc -l");
    assert.doesNotMatch(status, /CapEff:\t0000000000000000/);
    assert.match(status, /vkt10/);
  });
});
