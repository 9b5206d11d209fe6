/** All rows, by area. */
import { compute } from "./rows/compute.ts";
import { migration, snapshots } from "./rows/keeping.ts";
import { lifecycle } from "./rows/lifecycle.ts";
import { network } from "./rows/network.ts";
import { access, observability, platforms, security, tooling } from "./rows/operation.ts";
import { images, storage } from "./rows/storage.ts";
import type { Area } from "./feature.ts";

export const areas: readonly Area[] = [
  lifecycle,
  compute,
  storage,
  images,
  network,
  snapshots,
  migration,
  security,
  access,
  observability,
  tooling,
  platforms,
];

export const features = areas.flatMap((area) => area.features);
