/**
 * What Kubernetes accepts as a name. Each check answers with the complaints (none when the name is good) in
 * the words of `k8s.io/apimachinery/pkg/util/validation`.
 */
export type NameCheck = (name: string) => string[];

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualified = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const labelValue = `(${qualified})?`;
const configKey = "[-._a-zA-Z0-9]+";

export const dns1123Label: NameCheck = check(
  63,
  label,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ["my-name", "123-abc"],
);

export const dns1123Subdomain: NameCheck = check(
  253,
  subdomain,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ["example.com"],
);

export const dns1035Label: NameCheck = check(
  63,
  label1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ["my-name", "abc-123"],
);

export const validLabelValue: NameCheck = check(
  63,
  labelValue,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyValue", "my_value", "12345"],
);

const qualifiedNamePart: NameCheck = check(
  63,
  qualified,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ["MyName", "my.name", "123-abc"],
);

/** Keys of ConfigMaps and Secrets. */
export const validConfigKey: NameCheck = (name) => {
  const complaints = check(
    253,
    configKey,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    ["key.name", "KEY_NAME", "key-name"],
  )(name);
  return name === "." || name === ".." || name.startsWith("..") ? [...complaints, `must not be '${name}'`] : complaints;
};

/** RBAC names, and whatever else need only be one segment of a path. */
export const pathSegment: NameCheck = (name) => {
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"]
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`);
};

/** `name` or `prefix/name`: keys of labels and annotations, resource names. */
export const qualifiedName: NameCheck = (name) => {
  const parts = name.split("/");
  if (parts.length > 2) {
    return [
      `a qualified name ${qualifiedNamePart("/")[0] ?? ""} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const [prefix, base = ""] = parts.length === 2 ? parts : [undefined, parts[0]];
  const complaints = prefix === undefined ? [] : prefixComplaints(prefix);
  if (base === "") complaints.push("name part must be non-empty");
  return [...complaints, ...qualifiedNamePart(base).map((complaint) => `name part ${complaint}`)];
};

function prefixComplaints(prefix: string): string[] {
  return prefix === ""
    ? ["prefix part must be non-empty"]
    : dns1123Subdomain(prefix).map((complaint) => `prefix part ${complaint}`);
}

function check(maxLength: number, pattern: string, description: string, examples: string[]): NameCheck {
  const regex = new RegExp(`^${pattern}$`);
  const example = examples.map((text) => `'${text}'`).join(",  or ");
  const complaint = `${description} (e.g. ${example}, regex used for validation is '${pattern}')`;
  return (name) => [
    ...(name.length > maxLength ? [`must be no more than ${maxLength} bytes`] : []),
    ...(regex.test(name) ? [] : [complaint]),
  ];
}
