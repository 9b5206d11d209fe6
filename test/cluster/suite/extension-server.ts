/**
 * A webhook and an aggregated API server in one small program, run as a pod's process: it labels what is created, and serves the
 * kind Greeting of greetings.test. Its certificate comes in the environment.
 */
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { json } from "node:stream/consumers";

const groupVersion = "greetings.test/v1";
const { CERTIFICATE: cert, KEY: key, PORT: port } = process.env;

createServer({ cert, key }, async (request, response) => {
  const body = await answer(request);
  response.writeHead(body ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
}).listen(Number(port));
process.on("SIGTERM", () => process.exit(0));

async function answer(request: IncomingMessage): Promise<object | undefined> {
  const path = new URL(request.url ?? "/", "https://localhost").pathname;
  if (path === "/mutate") return review((await json(request)) as { request: { uid: string } });
  if (path === `/apis/${groupVersion}`) return resources;
  if (path === `/apis/${groupVersion}/greetings`) return greetings(request);
  return undefined;
}

function review({ request: { uid } }: { request: { uid: string } }): object {
  const patch = Buffer.from(JSON.stringify([{ op: "add", path: "/metadata/labels", value: { seen: "yes" } }]));
  const response = { uid, allowed: true, patchType: "JSONPatch", patch: patch.toString("base64") };
  return { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response };
}

const resources = {
  kind: "APIResourceList",
  apiVersion: "v1",
  groupVersion,
  resources: [{ name: "greetings", singularName: "greeting", namespaced: false, kind: "Greeting", verbs: ["list"] }],
};

/** The API server says who asks. */
function greetings({ headers }: IncomingMessage): object {
  const name = `hello-${String(headers["x-remote-user"])}`;
  const items = [{ apiVersion: groupVersion, kind: "Greeting", metadata: { name } }];
  return { kind: "GreetingList", apiVersion: groupVersion, metadata: {}, items };
}
