/** Pages of listings and of removals in bulk. */
import type * as Call from "../../driver/Call.ts"
import { nextBytes, type Range } from "./range.ts"
import { nameOf } from "./rows.ts"
import type { KeyRow, Statements } from "./statements.ts"

/** The maximum number of rows that one call reads or removes. The event loop must not be blocked for long. */
export const maxPage = 1000

/** Returns a page of keys. Expired entries count toward its size, so that its work is bounded. */
export const listKeys = (statements: Statements, call: Call.Keys, range: Range, now: number): Call.Page => {
  const pageSize = Math.min(call.pageSize, maxPage)
  const rows = statements.keys.all(
    call.collection,
    range.from,
    range.to,
    pageSize,
    now
  ) as unknown as ReadonlyArray<KeyRow>
  return {
    names: rows.flatMap(([key, isLive]) => (isLive === 1 ? (nameOf(key) ?? []) : [])),
    next: rows.length < pageSize ? undefined : nextBytes(rows[rows.length - 1]![0])
  }
}

const firstCollection = (statements: Statements, { from, to }: Range): Uint8Array | undefined =>
  (statements.firstCollection.get(from, to) as unknown as readonly [Uint8Array] | undefined)?.[0]

/** Returns a page of collections. One step leads to the next collection, however many keys are in between. */
export const listCollections = (
  statements: Statements,
  call: Call.Collections,
  range: Range,
  keys: Range,
  now: number
): Call.Page => {
  const names: Array<string> = []
  let from = range.from
  for (let i = 0; i < Math.min(call.pageSize, maxPage); i++) {
    const bytes = firstCollection(statements, { ...range, from })
    if (bytes === undefined) return { names, next: undefined }
    const name = nameOf(bytes)
    if (name !== undefined && statements.hasKey.get(name, keys.from, keys.to, now) !== undefined) names.push(name)
    from = nextBytes(bytes)
  }
  return { names, next: from }
}

/** Removes a page of entries from one or more collections. Counts the entries that had not expired. */
export const clearPage = (statements: Statements, range: Range, keys: Range, now: number): Call.Removed => {
  let count = 0
  let from = range.from
  for (let budget = maxPage; budget > 0; ) {
    const bytes = firstCollection(statements, { ...range, from })
    if (bytes === undefined) return { count, next: undefined }
    const name = nameOf(bytes)
    const removed =
      name === undefined
        ? []
        : (statements.clear.all(name, keys.from, keys.to, budget, now) as unknown as ReadonlyArray<readonly [0 | 1]>)
    for (const [wasLive] of removed) count += wasLive
    from = removed.length < budget ? nextBytes(bytes) : bytes
    budget -= Math.max(removed.length, 1)
  }
  return { count, next: from }
}
