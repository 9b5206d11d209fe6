/** Which container of which node a request for logs, exec, attach or port-forward means. */
import { StatusError } from "../../base/errors.ts";
import { list, text } from "../registry/field.ts";
import type { Call } from "../verbs/call.ts";
import { nameIn } from "../verbs/call.ts";

export interface PodTarget {
  namespace: string;
  pod: string;
  node: string;
  container: string;
}

/** @throws StatusError when the pod is not on a node yet, or the container is not told */
export async function podTarget(call: Call, needsContainer: boolean): Promise<PodTarget> {
  const { object } = await call.api.objects.get(call.kind, call.path.namespace, nameIn(call));
  const pod = nameIn(call);
  const node = text(object, "spec", "nodeName");
  const container = needsContainer ? containerOf(object, pod, call.query.get("container") ?? "") : "";
  if (node === "") throw new StatusError("BadRequest", `pod ${pod} does not have a host assigned`);
  return { namespace: call.path.namespace ?? "", pod, node, container };
}

function containerOf(object: unknown, pod: string, asked: string): string {
  const all = ["containers", "initContainers", "ephemeralContainers"].flatMap((key) =>
    list(object, "spec", key).map((each) => text(each, "name")),
  );
  const main = list(object, "spec", "containers").map((each) => text(each, "name"));
  if (asked !== "" && all.includes(asked)) return asked;
  if (asked !== "") throw new StatusError("BadRequest", `container ${asked} is not valid for pod ${pod}`);
  const [only = "", ...more] = main;
  const preferred = text(object, "metadata", "annotations", "kubectl.kubernetes.io/default-container");
  if (main.includes(preferred)) return preferred;
  if (more.length === 0) return only;
  throw new StatusError(
    "BadRequest",
    `a container name must be specified for pod ${pod}, choose one of: [${main.join(" ")}]`,
  );
}
