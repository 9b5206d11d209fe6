/** How one image is made. */
import type { FileTree } from "../src/storage/oci/file-tree.ts";
import type { ImageConfig } from "../src/storage/oci/image.ts";
import type { Inputs } from "./inputs.ts";

export interface Recipe {
  name: string;
  /** Debian packages whose files it uses beside those installed on the host. */
  packages: readonly string[];
  /** Also give it the tag `latest`: people name it in manifests. */
  latest?: boolean;
  build(kitchen: Kitchen): Promise<Dish>;
}

export interface Dish {
  tree: FileTree;
  /** A layer under `tree`. Images that have the same one share its bytes: in a registry, on the way, and on a node. */
  below?: FileTree;
  config: ImageConfig;
}

export interface Kitchen {
  /** Reads files of the host, noting them: a change rebuilds the image. */
  inputs: Inputs;
  /** Where a package of the recipe is unpacked. */
  packageRoot(name: string): string;
  /** Empty, and removed afterwards. */
  workDirectory: string;
}
