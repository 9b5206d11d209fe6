/**
 * Configuration of a private containerd, apart from any other on the machine.
 *
 * What is not obvious:
 *  - `restrict_oom_score_adj`, no `oom_score`: without CAP_SYS_RESOURCE runc cannot lower the score and no sandbox starts.
 *  - cgroupfs and runc: both work on cgroup v1, hybrid and v2, with and without systemd.
 *  - `device_ownership_from_security_context`: QEMU opens /dev/kvm and /dev/net/tun as an ordinary user.
 *  - the streaming server (exec, attach, port-forward) has no authentication: loopback only, the kubelet guards it.
 */
import { dirname } from "node:path";

export interface ContainerdPaths {
  /** Persistent data: images and snapshots. */
  rootDir: string;
  /** Lost at reboot: socket, configuration, state of running containers. */
  stateDir: string;
}

export interface ContainerdConfig extends ContainerdPaths {
  /** Image of the process that holds a pod's namespaces; must be imported, it is never pulled. */
  pauseImage: string;
}

export const containerdSocket = (paths: ContainerdPaths): string => `${paths.stateDir}/containerd.sock`;
export const containerdConfigFile = (paths: ContainerdPaths): string => `${paths.stateDir}/config.toml`;
export const stateDirOf = (socketPath: string): string => dirname(socketPath);
/** Where the pods' network namespaces are mounted. */
export const namespacesDir = (stateDir: string): string => `${stateDir}/state/io.containerd.grpc.v1.cri/netns`;
/** Where the addresses in use are noted: a directory for the network, in it a file for each address. */
export const addressesDir = (stateDir: string): string => `${stateDir}/ipam`;
export const cniConfDir = (paths: ContainerdPaths): string => `${paths.stateDir}/cni`;

/** Links to the plugins that a pod's network takes, and one of our own. */
export const cniBinDir = (paths: ContainerdPaths): string => `${paths.stateDir}/cni-bin`;
export const machineAddressesDir = (paths: ContainerdPaths): string => `${paths.rootDir}/machine-addresses`;

export function renderContainerdConfig(config: ContainerdConfig): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = ${toml(config.rootDir)}
state = ${toml(`${config.stateDir}/state`)}
disabled_plugins = ["io.containerd.internal.v1.restart", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs"]

[grpc]
  address = ${toml(containerdSocket(config))}

[ttrpc]
  address = ${toml(`${containerdSocket(config)}.ttrpc`)}

[${cri}]
  sandbox_image = ${toml(config.pauseImage)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  stream_idle_timeout = "4h0m0s"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  device_ownership_from_security_context = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  tolerate_missing_hugetlb_controller = true

  [${cri}.cni]
    bin_dir = ${toml(cniBinDir(config))}
    conf_dir = ${toml(cniConfDir(config))}
    max_conf_num = 1

  [${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    discard_unpacked_layers = true

    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [${cri}.containerd.runtimes.runc.options]
        BinaryName = "runc"
        Root = ${toml(`${config.stateDir}/runc`)}
        SystemdCgroup = false

  [${cri}.registry]
    config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
`;
}

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function toml(value: string): string {
  return JSON.stringify(value);
}
