/** Rules about cloud-init volumes: one source of user data, at most one of network data, inline data small and decodable. */
import { invalid, required, type StatusCause, setFields } from "./causes.ts";
import type { Volume } from "../types.ts";

const maxInlineBytes = 2048;
const userDataFields = ["userData", "userDataBase64", "secretRef"] as const;
const networkDataFields = ["networkData", "networkDataBase64", "networkDataSecretRef"] as const;

type CloudInitSource = NonNullable<Volume["cloudInitNoCloud"]>;

export function validateCloudInit(volume: Volume, field: string): StatusCause[] {
  return [
    ...validateSource(volume.cloudInitNoCloud, `${field}.cloudInitNoCloud`),
    ...validateSource(volume.cloudInitConfigDrive, `${field}.cloudInitConfigDrive`),
  ];
}

function validateSource(source: CloudInitSource | undefined, field: string): StatusCause[] {
  if (source === undefined) return [];
  return [
    ...validateUserDataCount(source, field),
    ...validateNetworkDataCount(source, field),
    ...validateInline(source.userData, `${field}.userData`, "secretRef"),
    ...validateBase64(source.userDataBase64, `${field}.userDataBase64`, "secretRef"),
    ...validateInline(source.networkData, `${field}.networkData`, "networkDataSecretRef"),
    ...validateBase64(source.networkDataBase64, `${field}.networkDataBase64`, "networkDataSecretRef"),
  ];
}

function validateUserDataCount(source: CloudInitSource, field: string): StatusCause[] {
  const given = nonEmpty(source, userDataFields);
  if (given.length > 1) return [invalid(field, given, "keep exactly one of userData, userDataBase64 and secretRef")];
  if (given.length === 1 || nonEmpty(source, networkDataFields).length > 0) return [];
  return [required(field, "one of userData, userDataBase64 and secretRef")];
}

function validateNetworkDataCount(source: CloudInitSource, field: string): StatusCause[] {
  const given = nonEmpty(source, networkDataFields);
  if (given.length <= 1) return [];
  return [invalid(field, given, "keep at most one of networkData, networkDataBase64 and networkDataSecretRef")];
}

function nonEmpty(source: CloudInitSource, fields: readonly (keyof CloudInitSource)[]): string[] {
  return setFields(source, fields).filter((name) => source[name as keyof CloudInitSource] !== "");
}

function validateInline(text: string | undefined, field: string, instead: string): StatusCause[] {
  return text === undefined ? [] : validateLength(Buffer.byteLength(text), field, instead);
}

function validateBase64(text: string | undefined, field: string, instead: string): StatusCause[] {
  if (!text) return [];
  const compact = text.replaceAll(/\s/g, "");
  const decoded = Buffer.from(compact, "base64");
  if (decoded.toString("base64").replaceAll("=", "") !== compact.replaceAll("=", "")) {
    return [invalid(field, abbreviate(text), "is not base64: encode the data with `base64 -w0`")];
  }
  return validateLength(decoded.length, field, instead);
}

function validateLength(bytes: number, field: string, instead: string): StatusCause[] {
  if (bytes <= maxInlineBytes) return [];
  return [
    invalid(
      field,
      `${bytes} bytes`,
      `exceeds ${maxInlineBytes} bytes: put the data into a Secret and name it in ${instead}`,
    ),
  ];
}

function abbreviate(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 24)}...`;
}
