/** A device of the host as a countable resource: every container that asks for one gets the same device. */
export interface DeviceResource {
  /** E.g. `devices.kubevirt.io/tun`. */
  name: string;
  /** How many containers may have it at once. */
  capacity: number;
  device: {
    /** Whose number, owner and mode the container's gets. */
    hostPath: string;
    containerPath: string;
  };
}
