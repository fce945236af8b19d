/**
 * Entries as strings, for stores that can store only strings.
 *
 * An entry with a JSON value is the managed entry of py-key-value, which begins with `{`. An entry with bytes is its
 * frame as Base64, which never begins with `{`.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"
import type { Entry } from "../../Entry.ts"

export const encode = (collection: string, key: string, entry: Entry): string => {
  const stored = managedEntry.encode(collection, key, entry)
  return typeof stored === "string" ? stored : Base64.encode(stored)
}

export const decode = (text: string): Result.Result<managedEntry.ManagedEntry, string> =>
  Result.flatMap(/^\s*\{/.test(text) ? Result.succeed(text) : frameOf(text), managedEntry.decode)

const frameOf = (text: string): Result.Result<Uint8Array, string> =>
  Result.mapError(Base64.decode(text), () => "it is neither JSON nor Base64")
