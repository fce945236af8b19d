/**
 * A reader of the database that follows py-key-value's contract and uses no code of effect-kv. It throws a
 * `Violation` where the data breaks the contract.
 */
import { createDecipheriv, createHmac, pbkdf2Sync } from "node:crypto"
import { gunzipSync } from "node:zlib"
import type { Stack } from "./vectors.ts"

export class Violation extends Error {}

const violated = (what: string): never => {
  throw new Violation(what)
}

type Fields = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The most digits of an integer that Python reads. */
const maxDigits = 4300

/** JSON with integers beyond 2^53 as `bigint`s. */
export const parse = (text: string): unknown => JSON.parse(text, exact as (key: string, value: unknown) => unknown)

const exact = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown =>
  typeof value === "number" && /^-?\d+$/.test(source) && !Number.isSafeInteger(value) ? large(source) : value

const large = (source: string): bigint =>
  source.replace("-", "").length > maxDigits ? violated(`an integer of more than ${maxDigits} digits`) : BigInt(source)

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

export const textOf = (bytes: Uint8Array): string => strictUtf8.decode(bytes)

const fieldsOfEntry = ["collection", "created_at", "expires_at", "key", "value", "version"]

const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00$/

export interface Entry {
  readonly collection: unknown
  readonly key: unknown
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly value: unknown
}

/** A managed entry, checked as strictly as py-key-value writes it. */
export const entryUnsafe = (bytes: Uint8Array): Entry => {
  const entry = parse(textOf(bytes))
  if (!isObject(entry)) return violated("the entry is not an object")
  const expected = fieldsOfEntry.filter((field) => field !== "expires_at" || "expires_at" in entry)
  sameFields("the entry", entry, expected)
  if (entry.version !== 1) violated(`the entry's version is ${String(entry.version)}, not 1`)
  if (!isObject(entry.value)) violated("the entry's value is not an object")
  return {
    collection: entry.collection,
    key: entry.key,
    createdAt: time("created_at", entry.created_at),
    expiresAt: "expires_at" in entry ? time("expires_at", entry.expires_at) : undefined,
    value: entry.value
  }
}

const sameFields = (what: string, found: Fields, expected: ReadonlyArray<string>): void => {
  const names = Object.keys(found).sort()
  if (names.join() !== [...expected].sort().join()) violated(`${what} has the fields ${names.join(", ")}`)
}

const time = (field: string, text: unknown): number =>
  typeof text === "string" && date.test(text) ? Date.parse(text) : violated(`${field} is ${JSON.stringify(text)}`)

/** A codec of a stack and the input that it decodes. */
export interface Step {
  readonly wrapper: "compression" | "fernet"
  readonly description: Fields
  readonly input: unknown
}

export interface Peeled {
  /** The steps in the order of decoding. */
  readonly steps: ReadonlyArray<Step>
  /** The value after the last step that could decode. `violation` says why the next step could not. */
  readonly value: unknown
  readonly violation: string | undefined
}

/**
 * Decodes the envelopes of a value. Python treats any object that has the first field of a compressed value as compressed,
 * and returns it unchanged if it does not decompress. Unless `partial` is set, the object must have all three fields.
 */
export const peel = (stack: Stack, stored: unknown, options?: { readonly partial: boolean }): Peeled => {
  const steps: Array<Step> = []
  let value = stored
  for (const description of [...stack].reverse()) {
    const { wrapper } = description
    if (wrapper !== "compression" && wrapper !== "fernet") continue
    steps.push({ wrapper, description, input: value })
    try {
      value =
        wrapper === "compression"
          ? decompressed(value, options?.partial ?? false)
          : decrypted(value, keysOf(description))
    } catch (error) {
      return { steps, value, violation: error instanceof Error ? error.message : String(error) }
    }
  }
  return { steps, value, violation: undefined }
}

export const compressionFields = ["__compressed_data__", "__compression_algorithm__", "__compression_version__"]

const decompressed = (value: unknown, partial: boolean): unknown => {
  if (!isObject(value) || !Object.hasOwn(value, "__compressed_data__")) return value
  if (partial && Object.keys(value).length !== compressionFields.length) return inflatedOrItself(value)
  sameFields("the compressed value", value, compressionFields)
  if (value.__compression_algorithm__ !== "gzip") violated("the algorithm is not gzip")
  if (value.__compression_version__ !== 1) violated("the version of the compression is not 1")
  return inflated(value)
}

const inflated = ({ __compressed_data__: data }: Fields): unknown => {
  const bytes = base64(data)
  const { buffer, engine } = gunzipSync(bytes, { info: true }) as unknown as Inflated
  return engine.bytesWritten === bytes.length
    ? parse(textOf(buffer))
    : violated("there is something behind the gzip data")
}

interface Inflated {
  readonly buffer: Uint8Array
  /** How many bytes were used. */
  readonly engine: { readonly bytesWritten: number }
}

const inflatedOrItself = (value: Fields): unknown => {
  try {
    return inflated(value)
  } catch {
    return value
  }
}

const decrypted = (value: unknown, keys: ReadonlyArray<Buffer>): unknown => {
  if (!isObject(value)) return violated("the value is not encrypted")
  sameFields("the encrypted value", value, ["__encrypted_data__", "__encryption_version__"])
  if (value.__encryption_version__ !== 1) violated("the version of the encryption is not 1")
  return parse(textOf(openToken(base64(base64(value.__encrypted_data__).toString("latin1"), "base64url"), keys)))
}

/** The message of a Fernet token. */
export const openToken = (token: Buffer, keys: ReadonlyArray<Buffer>): Buffer => {
  const [signed, signature] = [token.subarray(0, -32), token.subarray(-32)]
  const key = keys.find((key) => createHmac("sha256", key.subarray(0, 16)).update(signed).digest().equals(signature))
  if (key === undefined) return violated("the token is not signed with one of the keys")
  if (token[0] !== 0x80) violated("the token's version is not 0x80")
  const cipher = createDecipheriv("aes-128-cbc", key.subarray(16), token.subarray(9, 25))
  return Buffer.concat([cipher.update(signed.subarray(25)), cipher.final()])
}

/** Base64 with padding, and nothing else. */
export const base64 = (text: unknown, alphabet: "base64" | "base64url" = "base64"): Buffer => {
  if (typeof text !== "string") return violated("the data is not text")
  const bytes = Buffer.from(text, alphabet)
  const again = bytes.toString("base64")
  const expected = alphabet === "base64" ? again : again.replaceAll("+", "-").replaceAll("/", "_")
  return expected === text ? bytes : violated(`the data is not ${alphabet}`)
}

export const keysOf = ({ key, keys, source_material, salt }: Fields): ReadonlyArray<Buffer> => {
  const texts = Array.isArray(keys) ? keys : [key ?? derived(String(source_material), String(salt))]
  return texts.map((text) => Buffer.from(String(text), "base64url"))
}

const known = new Map<string, string>()

/** Derives each key only once, because it takes a few tenths of a second. */
const derived = (passphrase: string, salt: string): string => {
  const id = JSON.stringify([passphrase, salt])
  const key = known.get(id) ?? pbkdf2Sync(passphrase, salt, 1_200_000, 32, "sha256").toString("base64url")
  known.set(id, key)
  return key
}
