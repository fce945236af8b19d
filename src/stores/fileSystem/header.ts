/**
 * Reads the names and the expiry of an entry from the beginning of its file, so that listing keys does not read large
 * values.
 */
import * as Result from "effect/Result"
import * as entryFrame from "../../codecs/entryFrame.ts"
import * as managedEntry from "../../codecs/managedEntry.ts"

export interface Header {
  readonly collection: string | undefined
  readonly key: string | undefined
  readonly expiresAt: number | undefined
}

/** The number of bytes that are read first. */
export const size = 4096

/** Matches the part of an entry before its value, as effect-kv writes it. */
const beforeValue =
  /^(\{"collection":"(?:[^"\\]|\\.)*"(?:,"created_at":"[^"]*")?(?:,"expires_at":"[^"]*")?,"key":"(?:[^"\\]|\\.)*"),"value":/

const decoder = new TextDecoder()

/**
 * Reads the beginning of a file. Returns `"more"` if the whole file is needed, and `undefined` if it is not an entry.
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
