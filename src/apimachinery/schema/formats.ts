/** The string and number formats that Kubernetes checks; it ignores all others. */
import { isIP, isIPv4, isIPv6 } from "node:net";

const int32Limit = 2 ** 31;
const int64Limit = 2 ** 63;

const numberFormats: Record<string, (value: number) => boolean> = {
  int32: (value) => value >= -int32Limit && value < int32Limit,
  int64: (value) => value >= -int64Limit && value < int64Limit,
};

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const hostname = /^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\.?$/;
const base64 = /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const duration = /^([+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+$|^0$/;
const email = /^[^@\s]+@[^@\s]+$/;

const stringFormats: Record<string, (value: string) => boolean> = {
  "date-time": (value) => dateTime.test(value) && !Number.isNaN(Date.parse(value)),
  date: (value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)),
  uuid: (value) => uuid.test(value),
  hostname: (value) => value.length <= 255 && hostname.test(value),
  byte: (value) => base64.test(value),
  duration: (value) => duration.test(value),
  email: (value) => email.test(value),
  ipv4: (value) => isIPv4(value),
  ipv6: (value) => isIPv6(value),
  cidr: (value) => isCidr(value),
  mac: (value) => /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(value),
  uri: (value) => URL.canParse(value) || value.startsWith("/"),
};

export function hasFormat(format: string, value: string | number): boolean {
  if (typeof value === "number") return Object.hasOwn(numberFormats, format) ? numberFormats[format]!(value) : true;
  return Object.hasOwn(stringFormats, format) ? stringFormats[format]!(value) : true;
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  return rest.length === 0 && version !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}
