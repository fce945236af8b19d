/**
 * Names and expiry of an entry from the beginning of its file, so that large values are not read to list keys.
 */
import * as Result from "effect/Result"
import * as managedEntry from "../../codecs/managedEntry.ts"

export interface Header {
  readonly collection: string | undefined
  readonly key: string | undefined
  readonly expiresAt: number | undefined
}

/** How much of a file to read. */
export const size = 4096

/** What stands before the value in an entry as this library writes it. */
const beforeValue =
  /^(\{"collection":"(?:[^"\\]|\\.)*"(?:,"created_at":"[^"]*")?(?:,"expires_at":"[^"]*")?,"key":"(?:[^"\\]|\\.)*"),"value":/

const decoder = new TextDecoder()

/**
 * `"more"` when the beginning does not tell, and all of the file is needed. `undefined` when it is no entry.
 */
export const parse = (bytes: Uint8Array): Header | "more" | undefined => {
  const isAll = bytes.length < size
  const header = isAll ? undefined : beforeValue.exec(decoder.decode(bytes))?.[1]
  return fromStored(header === undefined ? bytes : `${header},"value":null}`) ?? (isAll ? undefined : "more")
}

export const fromStored = (stored: string | Uint8Array): Header | undefined =>
  Result.getOrUndefined(
    Result.map(managedEntry.decode(stored), ({ entry, collection, key }) => ({
      collection,
      key,
      expiresAt: entry.expiresAt
    }))
  )
