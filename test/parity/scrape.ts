/** What a Prometheus in a cluster gets to see: every endpoint of KubeVirt's Service for it, with a ServiceAccount's token. */
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Cluster } from "../cluster/cluster.ts";
import { eventually } from "../embedded/instance.ts";

const account = "prometheus";

export async function scrapeAll(cluster: Cluster): Promise<string> {
  const token = await tokenOf(cluster);
  const path = "{range .subsets[*]}{range .addresses[*]}{.ip} {end}{.ports[0].port}{'\\n'}{end}";
  const subsets = await cluster.kubectl(
    "get",
    "endpoints/kubevirt-prometheus-metrics",
    "-n",
    "vmpod",
    "-o",
    `jsonpath=${path}`,
  );
  const places = subsets
    .trim()
    .split("\n")
    .flatMap((line) => {
      const addresses = line.split(" ");
      const port = addresses.pop();
      return addresses.map((address) => `${address}:${port}`);
    });
  return (await Promise.all(places.map((place) => scrape(place, token)))).join("\n");
}

const tokens = new WeakMap<Cluster, Promise<string>>();

function tokenOf(cluster: Cluster): Promise<string> {
  const token = tokens.get(cluster) ?? makeToken(cluster);
  tokens.set(cluster, token);
  return token;
}

/** This Kubernetes makes a Secret with a token for each ServiceAccount. */
async function makeToken(cluster: Cluster): Promise<string> {
  await cluster.kubectl("create", "serviceaccount", account);
  const rights = ["--clusterrole=system:monitoring", `--serviceaccount=default:${account}`];
  await cluster.kubectl("create", "clusterrolebinding", account, ...rights);
  const secret = await eventually("a token", 60_000, async () => {
    const name = await cluster.kubectl("get", `sa/${account}`, "-o", "jsonpath={.secrets[0].name}");
    return name === "" ? undefined : name;
  });
  const encoded = await cluster.kubectl("get", `secret/${secret}`, "-o", "jsonpath={.data.token}");
  return Buffer.from(encoded, "base64").toString();
}

/** Their certificates are of vmpod's own authority. */
async function scrape(place: string, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(60_000);
  const call = request(`https://${place}/metrics`, { headers, rejectUnauthorized: false, signal });
  call.end();
  const [answer] = (await once(call, "response")) as [IncomingMessage];
  const body = await text(answer);
  if (answer.statusCode !== 200) throw new Error(`${place}: ${answer.statusCode} ${body}`);
  return body;
}
