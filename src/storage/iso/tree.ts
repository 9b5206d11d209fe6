/** Files by path as a tree of directories, in the order in which path tables want them: breadth first, by name. */

export interface IsoFile {
  name: string;
  /** Unique among its directory's members, for names that ISO 9660 cannot hold. */
  number: number;
  content: Uint8Array;
}

export interface IsoDirectory {
  name: string;
  number: number;
  /** The root is its own. */
  parent: IsoDirectory;
  members: (IsoDirectory | IsoFile)[];
}

export interface IsoTree {
  /** The root first. */
  directories: IsoDirectory[];
  contents: IsoFile[];
}

export function buildTree(files: ReadonlyMap<string, string | Uint8Array>): IsoTree {
  const root = { name: "", number: 0, members: [] } as unknown as IsoDirectory;
  root.parent = root;
  for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const names = path.split("/").filter((name) => name !== "");
    const name = names.pop();
    if (name === undefined) throw new RangeError(`ISO file ${JSON.stringify(path)}: a path needs a name`);
    const directory = names.reduce(enter, root);
    directory.members.push({ name, number: directory.members.length, content: Buffer.from(content) });
  }
  const directories = breadthFirst(root);
  return { directories, contents: directories.flatMap((each) => each.members.filter((member) => "content" in member)) };
}

function enter(parent: IsoDirectory, name: string): IsoDirectory {
  const present = parent.members.find((each) => each.name === name);
  if (present && "content" in present) throw new RangeError(`ISO path ${name} is both a file and a directory`);
  if (present) return present;
  const directory: IsoDirectory = { name, number: parent.members.length, parent, members: [] };
  parent.members.push(directory);
  return directory;
}

function breadthFirst(root: IsoDirectory): IsoDirectory[] {
  const found = [root];
  for (const directory of found) {
    for (const member of directory.members) if (!("content" in member)) found.push(member);
  }
  return found;
}
