import { chunksOf } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import type { Random } from "effect/Random"
import * as Result from "effect/Result"
import { Lanes } from "../concurrency/Lanes.ts"
import * as slices from "../concurrency/slices.ts"
import { encode, valueOf } from "../driver/boundary.ts"
import * as Calls from "../driver/Calls.ts"
import type { Driver } from "../driver/Driver.ts"
import { type AtomicDriver, change } from "../driver/service/change.ts"
import { type EntryError, isEntryError, readEach } from "../driver/service/readEach.ts"
import { served } from "../driver/service/served.ts"
import { declareWaits, waitsOf } from "../driver/waits.ts"
import type { Entry } from "../Entry.ts"
import { type Operation, type Place, type ReadError, StoreError, type WriteError } from "../KeyValueError.ts"
import type { Value } from "../Value.ts"
import { withTimeout } from "../wrappers/common/withTimeout.ts"
import { fromValue, type Stored, toValue } from "./envelope.ts"

/** What the store has under the name of an entry. */
export interface Found {
  readonly stored: Stored | undefined
  /** `undefined` if the key is missing, or if the store has no versions. */
  readonly version: unknown
  /** Whether the entry cannot be read, so that it can only be overwritten. */
  readonly isDamaged?: boolean
}

type RandomService = (typeof Random)["Service"]

/** How many keys are written at a time. */
const concurrency = 100

/** How many keys one call has at most, so that no call takes long only because it has many keys. */
const batchSize = 1000

/** An entry that cannot be read. */
const damaged: Found = { stored: undefined, version: undefined, isDamaged: true }

/** The store of a cache: entries and generations in one collection, each operation within `timeout` milliseconds. */
export class Store {
  readonly driver: Driver
  readonly collection: string
  private readonly random: RandomService
  private readonly lanes = new Lanes()

  constructor(driver: Driver, collection: string, timeout: number, random: RandomService) {
    // The gate passes each call on and adds no wait, so what the driver declares holds for it, too.
    this.driver = withTimeout(timeout)(declareWaits({ ...served(driver).driver }, waitsOf(driver)))
    this.collection = collection
    this.random = random
  }

  /** Reads entries. With `versioned`, they are as the store has them, each with the version that `replace` compares. */
  entries(names: ReadonlyArray<string>, versioned: boolean): Effect.Effect<ReadonlyArray<Found>, ReadError> {
    if (names.length > batchSize) {
      return Effect.map(
        Effect.forEach(chunksOf(names, batchSize), (batch) => this.entries(batch, versioned)),
        (found) => found.flat()
      )
    }
    const found = (entry: Entry | undefined): Found => ({
      stored: entry && fromValue(valueOf(this.driver, entry)),
      version: entry?.version
    })
    const read = (names: ReadonlyArray<string>) =>
      Effect.flatMap(this.get(names, versioned), (entries) => slices.map(entries, found))
    return Effect.suspend(() => {
      const all = new Map<string, Found>()
      const keep = (name: string, result: Result.Result<Found, EntryError>) =>
        all.set(
          name,
          Result.getOrElse(result, () => damaged)
        )
      return Effect.map(readEach<Found, ReadError, EntryError>(read, names, isEntryError, keep), () =>
        names.map((name) => all.get(name)!)
      )
    })
  }

  /** Reads generations. One that cannot be read is missing. */
  generations(names: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<string | undefined>, ReadError> {
    if (names.length === 0) return Effect.succeed([])
    return Effect.map(this.entries(names, false), (found) => found.map(({ stored }) => idOf(stored)))
  }

  /** Reads a generation as the store has it: a copy in a cache may be older than an invalidation of another process. */
  generation(name: string): Effect.Effect<string | undefined, ReadError> {
    return Effect.map(this.entries([name], true), ([found]) => idOf(found!.stored))
  }

  /** Reads generations as the store has them, and creates those that are missing. */
  readonly ensured = Effect.fnUntraced(
    { self: this },
    function* (
      names: ReadonlyArray<string>,
      ttl: number
    ): Effect.fn.Return<ReadonlyArray<string | undefined>, ReadError | WriteError> {
      if (names.length === 0) return []
      const known = yield* this.entries(names, true)
      return yield* slices.forEach(
        names,
        (name, i) => {
          const id = idOf(known[i]!.stored)
          return id === undefined ? this.create(name, known[i]!, ttl) : Effect.succeed(id)
        },
        concurrency
      )
    }
  )

  /**
   * Creates a generation in the place of what was found, unless another process has done so in the meantime. What cannot be
   * read is overwritten: a new nonce can only make values invalid.
   */
  private create(name: string, found: Found, ttl: number): Effect.Effect<string | undefined, ReadError | WriteError> {
    const id = this.nonce()
    return Effect.flatMap(this.encoded(name, { _tag: "mark", id }, ttl), (entry) => {
      const place = this.place("put", [name])
      const { atomic } = this.driver
      if (atomic === undefined || found.isDamaged === true) {
        return Effect.as(this.driver.put(Calls.put(place, [entry])), id)
      }
      return Effect.flatMap(
        atomic.compareAndPut(Calls.compareAndPut(place, { entry, expected: found.version })),
        (swapped) => (swapped === true ? Effect.succeed(id) : this.generation(name))
      )
    })
  }

  /**
   * Gives a generation a new nonce.
   *
   * With `Atomic`, the write has a condition, so that a copy of it which is applied late cannot bring back an old nonce. If
   * another invalidation came first, it came after this one had begun, which serves as well.
   */
  renew(name: string, ttl: number): Effect.Effect<void, WriteError> {
    const place = this.place("put", [name])
    const written = this.encoded(name, { _tag: "mark", id: this.nonce() }, ttl)
    const blind = Effect.flatMap(written, (entry) => this.driver.put(Calls.put(place, [entry])))
    if (this.driver.atomic === undefined) return blind
    const dropped = () =>
      Effect.fail(new StoreError({ ...place, reason: "a wrapper dropped the write of an invalidation" }))
    return change(this.driver as AtomicDriver, place, { maxRetries: 0, expiry: false }, () =>
      Effect.map(written, (entry) => ({ answer: undefined, write: { entry }, ifDropped: dropped }))
    ).pipe(
      Effect.catchTag("ConflictError", () => Effect.void),
      Effect.catchIf(isEntryError, () => blind)
    )
  }

  /** Writes marks in the place of entries. */
  mark(names: ReadonlyArray<string>, ttl: number): Effect.Effect<void, WriteError> {
    if (names.length > batchSize) {
      return Effect.forEach(chunksOf(names, batchSize), (batch) => this.mark(batch, ttl), { discard: true })
    }
    const written = Effect.flatMap(
      Effect.forEach(names, (name) => this.encoded(name, { _tag: "mark", id: this.nonce() }, ttl)),
      (entries) => this.driver.put(Calls.put(this.place("putMany", names), entries))
    )
    return this.inOrder(names, written)
  }

  /** Writes an entry. */
  put(name: string, stored: Stored, ttl: number): Effect.Effect<void, WriteError> {
    return this.inOrder([name], this.overwrite(name, stored, ttl))
  }

  private overwrite(name: string, stored: Stored, ttl: number): Effect.Effect<void, WriteError> {
    return Effect.flatMap(this.encoded(name, stored, ttl), (entry) =>
      this.driver.put(Calls.put(this.place("put", [name]), [entry]))
    )
  }

  /**
   * Writes an entry if the key still is as it was found. Without `Atomic`, and for an entry that cannot be read, the key is
   * read again just before the write. A write of another process in between is lost.
   */
  replace(name: string, found: Found, stored: Stored, ttl: number): Effect.Effect<unknown, ReadError | WriteError> {
    const { atomic } = this.driver
    if (atomic === undefined || found.isDamaged === true) {
      const checked = Effect.flatMap(this.entries([name], true), ([now]) =>
        isSame(now!, found) ? this.overwrite(name, stored, ttl) : Effect.void
      )
      return this.inOrder([name], checked)
    }
    return Effect.flatMap(this.encoded(name, stored, ttl), (entry) =>
      atomic.compareAndPut(Calls.compareAndPut(this.place("put", [name]), { entry, expected: found.version }))
    )
  }

  place(operation: Operation, keys: ReadonlyArray<string>): Place {
    return { operation, collection: this.collection, keys }
  }

  /** A name that no invalidation has used before. */
  nonce(): string {
    const part = () => Math.abs(this.random.nextIntUnsafe()).toString(36)
    return part() + part()
  }

  get uniform(): number {
    return this.random.nextDoubleUnsafe()
  }

  /** Caches in the stack pass on reads of versions, and reads of the exact expiry, to the store. */
  private get(names: ReadonlyArray<string>, versioned: boolean) {
    const place = this.place(names.length === 1 ? "get" : "getMany", names)
    const hasVersions = this.driver.atomic !== undefined
    return this.driver.get(Calls.get(place, { versioned: versioned && hasVersions, expiry: versioned && !hasVersions }))
  }

  /** Keeps writes of a key in order. With `Atomic`, their conditions do that. */
  private inOrder<A, E>(names: ReadonlyArray<string>, write: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.driver.atomic === undefined ? this.lanes.run(names, write) : write
  }

  private encoded(name: string, stored: Stored, ttl: number): Effect.Effect<Entry, WriteError> {
    const values: ReadonlyArray<Value> = [toValue(stored)]
    return Effect.map(encode(this.driver, this.place("put", [name]), values, ttl), ([entry]) => entry!)
  }
}

/** Values without an end have no times that tell them from each other. */
const isSame = (a: Found, b: Found): boolean => a.isDamaged === b.isDamaged && Equal.equals(a.stored, b.stored)

const idOf = (stored: Stored | undefined): string | undefined => (stored?._tag === "mark" ? stored.id : undefined)
