import type * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import * as Calls from "../../driver/Calls.ts"
import type { Driver } from "../../driver/Driver.ts"
import type { Entry } from "../../Entry.ts"
import type { Operation, Place, ReadError, WriteError } from "../../KeyValueError.ts"

/** How many slots are read or removed by one call. */
export const pageSize = 100

export interface Config {
  readonly store: Driver
  /** The same store for work in the background: no operation of it takes forever. */
  readonly background: Driver
  /** The collection that the slots are in. */
  readonly collection: string
  /** Sets the slots of this process apart from those of others. */
  readonly writer: string
}

/**
 * The slots of a journal, which are entries of one collection of the fallback.
 *
 * Every write has a slot of its own, whose name is never used again: so an operation that the store applies late can
 * only add an old write, or remove a write that is already gone. Names sort by the time of acceptance.
 */
export class Slots {
  readonly config: Config
  private count = 0

  constructor(config: Config) {
    this.config = config
  }

  nextName(acceptedAt: number): string {
    return `${padded(acceptedAt, 15)}-${padded(this.count++, 10)}-${this.config.writer}`
  }

  /** The place of an operation on the journal itself. */
  place(operation: Operation, keys: ReadonlyArray<string>): Place {
    return { operation, collection: this.config.collection, keys }
  }

  /** Writes slots as a part of a caller's write. */
  put(
    whole: Call.Put | Call.Delete,
    names: ReadonlyArray<string>,
    entries: ReadonlyArray<Entry>
  ): Effect.Effect<void, WriteError> {
    const { store, collection } = this.config
    return store.put({ ...Calls.partOf(whole, Calls.put(whole.place, entries)), collection, keys: names })
  }

  /** Reads slots as a part of another read. */
  get(
    whole: Call.Get,
    names: ReadonlyArray<string>,
    from: "store" | "background" = "store"
  ): Effect.Effect<ReadonlyArray<Entry | undefined>, ReadError> {
    return this.config[from].get({ ...whole, collection: this.config.collection, keys: names, expiry: false })
  }

  /** Reads slots in the background. */
  read(names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Entry | undefined>, ReadError> {
    return this.get(Calls.get(this.place("getMany", names)), names, "background")
  }

  list(cursor: Call.Cursor): Effect.Effect<Call.Page, ReadError> {
    return this.config.background.listing!.keys(Calls.keys(this.place("keys", []), { pageSize, cursor }))
  }

  remove(names: ReadonlyArray<string>): Effect.Effect<unknown, WriteError> {
    return this.config.background.delete(Calls.remove(this.place("delete", names)))
  }
}

const padded = (number: number, digits: number): string => String(Math.floor(number)).padStart(digits, "0")
