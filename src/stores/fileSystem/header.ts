/**
 * Names and expiry of an entry from the beginning of its file, so that large values are not read to list keys.
 */
import * as Result from "effect/Result"
import * as entryFrame from "../../codecs/entryFrame.ts"
import * as managedEntry from "../../codecs/managedEntry.ts"

export interface Header {
  readonly collection: string | undefined
  readonly key: string | undefined
  readonly expiresAt: number | undefined
}

/** How much of a file to read. */
export const size = 4096

/** The part of an entry before its value, as this library writes it. */
const beforeValue =
  /^(\{"collection":"(?:[^"\\]|\\.)*"(?:,"created_at":"[^"]*")?(?:,"expires_at":"[^"]*")?,"key":"(?:[^"\\]|\\.)*"),"value":/

const decoder = new TextDecoder()

/**
 * `"more"` if the whole file is needed. `undefined` if it is not an entry.
 */
export const parse = (bytes: Uint8Array): Header | "more" | undefined => {
  const isAll = bytes.length < size
  if (isAll || entryFrame.isFrame(bytes)) return fromStored(bytes) ?? (isAll ? undefined : "more")
  const header = beforeValue.exec(decoder.decode(bytes))?.[1]
  return header === undefined ? "more" : fromStored(`${header},"value":null}`)
}

export const fromStored = (stored: string | Uint8Array): Header | undefined =>
  Result.getOrUndefined(
    typeof stored !== "string" && entryFrame.isFrame(stored)
      ? Result.map(entryFrame.decodeHead(stored), ({ names, expiresAt }) => ({
          collection: names?.collection,
          key: names?.key,
          expiresAt
        }))
      : Result.map(managedEntry.decode(stored, { anyVersion: true }), ({ entry, collection, key }) => ({
          collection,
          key,
          expiresAt: entry.expiresAt
        }))
  )
