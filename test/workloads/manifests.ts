/** What the tests of workloads run: a small web server that says its pod's name, and things around it. */
export const image = "localhost/vmpod/busybox:latest";

/** Answers every request for /cgi-bin/who with the pod's name and the address that the request came from. */
const serve = `mkdir -p /www/cgi-bin; cd /www/cgi-bin
printf '#!/bin/sh\\necho\\necho "$HOSTNAME $REMOTE_ADDR"\\n' > who; chmod +x who; exec httpd -f -p 8080 -h /www`;

export function podSpec(more: object = {}, container: object = {}): object {
  return {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: "c", image, imagePullPolicy: "Never", command: ["sh", "-c", "exec sleep 3600"], ...container },
    ],
    ...more,
  };
}

export const webContainer = {
  command: ["sh", "-c", serve],
  ports: [{ name: "http", containerPort: 8080 }],
  readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
};

export function deployment(name: string, replicas: number, spec: object, more: object = {}): object {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
      ...more,
    },
  };
}

export function service(name: string, app: string, spec: object = {}): object {
  const ports = [{ name: "http", port: 80, targetPort: "http" }];
  return { apiVersion: "v1", kind: "Service", metadata: { name }, spec: { selector: { app }, ports, ...spec } };
}

export function pod(name: string, spec: object): object {
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: name } }, spec };
}

export function networkPolicy(name: string, spec: object): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name },
    spec: { podSelector: {}, ...spec },
  };
}
