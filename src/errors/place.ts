import { oneLine } from "../value/oneLine.ts"

/**
 * The name of the operation that the application called.
 *
 * @since 0.1.0
 */
export type Operation =
  | "get"
  | "getMany"
  | "ttl"
  | "ttlMany"
  | "put"
  | "putMany"
  | "delete"
  | "deleteMany"
  | "putIfAbsent"
  | "update"
  | "getAndDelete"
  | "rotate"
  | "lease"
  | "once"
  | "keys"
  | "collections"
  | "clear"
  | "removeExpired"

/**
 * Whether a failed write may have changed the store.
 *
 * @since 0.1.0
 */
export type Outcome = "not-applied" | "unknown"

/**
 * The operation, collection and keys of an error.
 *
 * **Details**
 *
 * `outcomeOfPart` is present if an operation makes several calls to the store. It is the outcome of the operation if
 * this call fails: `"not-applied"` for the read of an `update`, `"unknown"` for the second call of a write.
 *
 * @since 0.1.0
 */
export interface Place {
  readonly operation: Operation
  readonly collection: string
  readonly keys: ReadonlyArray<string>
  readonly outcomeOfPart?: Outcome | undefined
}

/** Whether an operation may change the store. */
export const isWrite = (operation: Operation): boolean => {
  switch (operation) {
    case "get":
    case "getMany":
    case "ttl":
    case "ttlMany":
    case "keys":
    case "collections":
      return false
    default:
      return true
  }
}

/** Formats a place for messages, without the keys, which may be session ids. */
export const where = ({ operation, collection, keys }: Place): string => {
  const many = keys.length > 1 ? ` of ${keys.length} keys` : ""
  const name = collection.length > 64 ? `${collection.slice(0, 64)}…` : collection
  return `${operation}${many}${name === "" ? "" : ` in collection ${oneLine(JSON.stringify(name), 512)}`}`
}
