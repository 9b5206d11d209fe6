import { FileTree } from "../../src/storage/oci/file-tree.ts";
import type { Recipe } from "../recipe.ts";
import { pauseProgram } from "./elf.ts";

export const pause: Recipe = {
  name: "pause",
  packages: [],
  async build() {
    const tree = new FileTree().executable("/pause", pauseProgram());
    return { tree, config: { entrypoint: ["/pause"], user: "65535:65535" } };
  },
};
