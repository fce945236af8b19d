import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { layerClosed } from "../../driver/layerClosed.ts"
import { outcomeOf } from "../../driver/outcome.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import {
  DeserializationError,
  type Operation,
  type ReadError,
  StoreUnavailableError,
  type WriteError
} from "../../KeyValueError.ts"
import { monotonicMillis, now } from "../../time/clock.ts"
import { byAcceptance, Index, type Pending, type Slot } from "./Index.ts"
import * as journalEntry from "./journalEntry.ts"
import type { Meters } from "./meters.ts"
import type { Stamps } from "./Stamps.ts"

export interface Config {
  readonly store: Driver
  /** The same store for work in the background: no operation of it takes forever. */
  readonly background: Driver
  /** The collection that the journal is in. */
  readonly collection: string
  readonly maxEntries: number
  readonly settleTime: number
  /** Sets this process's writes apart from those of others. */
  readonly writer: string
  readonly meters: Meters
  readonly stamps: Stamps
  /** Is told when something is pending. */
  readonly onPending: () => void
}

const pageSize = 100

/** How many keys are put in order in one step. */
const chunkSize = 5000

/** How many slots that are of no use any more are removed without delay. */
const crowd = 32

/** How many such slots one key may have before its writes are refused. */
const maxOfKey = 1000

/**
 * Writes that the fallback has accepted in place of the primary, in a collection of their own, and an index of them in
 * memory.
 *
 * Every write has a slot of its own, whose name is never used again: what the store does late can only add an old write
 * or remove one that is gone already. The names sort by time of acceptance.
 */
export class Journal {
  readonly index = new Index()
  /** Open while there are slots that later ones have replaced. */
  readonly hasReplaced = Latch.makeUnsafe()
  /** Open while there are many of them. */
  readonly isCrowded = Latch.makeUnsafe()
  isClosed = false
  private readonly replaced = new Map<Pending, Set<string>>()
  /** How many slots there are beside the last ones of all keys. */
  private extra = 0
  private readonly config: Config
  private count = 0

  constructor(config: Config) {
    this.config = config
  }

  get size(): number {
    return this.index.size
  }

  /** Whether anything is pending about the keys of a call. */
  concerns({ collection, keys }: Call.Put | Call.Delete): boolean {
    if (this.size === 0) return false
    const pending = this.index.in(collection)
    return pending.size > 0 && keys.some((key) => pending.has(key))
  }

  /** What may be replayed at a time of the monotonic clock, in order of acceptance; what failed before comes last. */
  due(at: number): ReadonlyArray<Pending> {
    const settled = this.index.inOrder().filter(({ settlesAt }) => settlesAt <= at)
    const failed = settled.filter(({ hasFailed }) => hasFailed)
    return failed.length === 0 ? settled : [...settled.filter(({ hasFailed }) => !hasFailed), ...failed]
  }

  /** How many of the keys of a call are known to be there, by the journal alone. */
  countOf({ collection, keys }: Call.Delete): Effect.Effect<number> {
    return Effect.clockWith((clock) => {
      const at = clock.currentTimeMillisUnsafe()
      let count = 0
      for (const key of new Set(keys)) {
        const last = this.index.get(collection, key)?.last
        if (last !== undefined && !last.isDelete && !isExpired(last, at)) count++
      }
      return Effect.succeed(count)
    })
  }

  /** Reads the index from the store. What is in it is not replayed at once: its writer may have been about to do so. */
  load(): Effect.Effect<void, ReadError> {
    const self = this
    return Effect.gen(function* () {
      const { background, settleTime } = self.config
      const settlesAt = monotonicMillis(yield* Clock.Clock) + settleTime
      const found = new Set<Pending>()
      let cursor: Call.Cursor
      do {
        const call = { ...self.callOf("keys", []), _tag: "keys", prefix: "", pageSize, cursor } as const
        const page: Call.Page = yield* background.listing!.keys(call)
        if (page.names.length > 0) self.add(page.names, yield* self.readSlots(page.names), found)
        cursor = page.next
      } while (cursor !== undefined)
      for (const chunk of Arr.chunksOf(byAcceptance([...found]), chunkSize)) {
        for (const pending of chunk) {
          pending.settlesAt = settlesAt
          self.index.moveToEnd(pending)
        }
        yield* Effect.yieldNow
      }
      if (found.size > 0) self.config.onPending()
    })
  }

  /**
   * Writes what a call does to the journal. `mayBeUnderWay` tells that the primary may still apply the call, too.
   *
   * Callers see to it that there are no two calls about the same key at a time.
   */
  accept(call: Call.Put | Call.Delete, mayBeUnderWay: boolean): Effect.Effect<void, WriteError> {
    return Effect.suspend(() => {
      let taken: ReadonlyArray<readonly [Pending, Slot]> = []
      // Slots are taken inside of what notes how the write of them ended.
      const put = Effect.withFiber((fiber) => {
        const refusal = this.refusalOf(call, now(fiber))
        if (refusal !== undefined) return Effect.fail(refusal)
        const { collection, stamps, store } = this.config
        const acceptedAt = stamps.next(fiber.getRef(Clock.Clock).currentTimeMillisUnsafe())
        const once = Call.lastOfEachKey(call)
        const { keys, place } = once
        const writes = keys.map((key, i): journalEntry.JournalEntry => {
          const entry = once._tag === "put" ? once.entries[i] : undefined
          return { collection: call.collection, key, acceptedAt, entry }
        })
        const names = keys.map(() => this.nextName(acceptedAt))
        taken = writes.map((write, i) => [
          this.pendingOf(write.collection, write.key, now(fiber)),
          slotOf(names[i]!, write)
        ])
        const { deadline, holder } = call
        const values = writes.map(journalEntry.encode)
        return store.put({ _tag: "put", place, deadline, holder, collection, keys: names, entries: values })
      })
      return Effect.onExitPrimitive(put, (exit) =>
        taken.length === 0
          ? undefined
          : Effect.withFiber((fiber) => {
              const outcome = outcomeOf(exit)
              const settlesAt = now(fiber) + this.config.settleTime
              for (const [pending, slot] of taken) {
                if (mayBeUnderWay || outcome === "unknown") pending.settlesAt = Math.max(pending.settlesAt, settlesAt)
                this.note(pending, slot, outcome)
              }
              if (outcome === "applied") this.config.meters.journaled(taken.length)
              // Another process, or the layer that is built next, may have read the journal already.
              return outcome === "applied" && this.isClosed ? Effect.fail(layerClosed(call.place, true)) : Effect.void
            })
      )
    })
  }

  /**
   * Reads the last writes of keys, as entries. A slot that another process has replayed is no longer there: its key is
   * not pending any more, and is returned as `"gone"`.
   */
  read(
    call: Call.Get,
    pending: ReadonlyArray<Pending>,
    store = this.config.store
  ): Effect.Effect<ReadonlyArray<Entry | undefined | "gone">, ReadError> {
    return Effect.clockWith((clock) => {
      const at = clock.currentTimeMillisUnsafe()
      const lasts = pending.map(({ last }) => last!)
      const asked = lasts.flatMap((slot, i) => (slot.isDelete || isExpired(slot, at) ? [] : [i]))
      if (asked.length === 0) return Effect.succeed(lasts.map(() => undefined))
      const names = asked.map((i) => lasts[i]!.name)
      const found = store.get({ ...call, collection: this.config.collection, keys: names, expiry: false })
      return Effect.flatMap(found, (slots) => {
        const answers: Array<Entry | undefined | "gone"> = lasts.map(() => undefined)
        for (const [i, index] of asked.entries()) {
          const slot = slots[i]
          const decoded = slot && journalEntry.decode(slot)
          if (slot !== undefined && decoded === undefined) {
            return Effect.fail(
              new DeserializationError({ ...Call.placeOf(call, index), reason: "its entry in the journal is damaged" })
            )
          }
          answers[index] = decoded === undefined ? "gone" : decoded.entry
        }
        return Effect.succeed(answers)
      })
    })
  }

  /** The last write of a key: its entry, or `undefined` for a deletion and for what has expired. */
  readOne(pending: Pending): Effect.Effect<Entry | undefined | "gone", ReadError> {
    const call = { ...this.callOf("get", [pending.key]), _tag: "get", expiry: false, versioned: false } as const
    const read = this.read({ ...call, collection: pending.collection }, [pending], this.config.background)
    return Effect.map(read, ([entry]) => entry)
  }

  /** Removes slots that later ones have replaced, as many as there are when it begins. */
  get compact(): Effect.Effect<void, WriteError> {
    return Effect.suspend(() => {
      const slots = [...this.replaced].flatMap(([pending, names]) => Array.from(names, (name) => ({ pending, name })))
      return Effect.forEach(
        Arr.chunksOf(slots, pageSize),
        (chunk) =>
          Effect.map(this.removeSlots(chunk.map(({ name }) => name)), () => {
            for (const { pending, name } of chunk) this.dropReplaced(pending, name)
          }),
        { discard: true }
      )
    })
  }

  /** Removes the slots of a key, and with them what is known of it. */
  remove(pending: Pending): Effect.Effect<void, WriteError> {
    return Effect.suspend(() => {
      const { last, doubtful } = pending
      const older = [...(this.replaced.get(pending) ?? []), ...doubtful]
      // The last one goes last: a process that starts in between must not find an older write alone.
      const removed = Effect.andThen(this.removeSlots(older), this.removeSlots(last === undefined ? [] : [last.name]))
      return Effect.map(removed, () => this.forget(pending))
    })
  }

  /** The call of one operation on the journal itself. */
  callOf(operation: Operation, keys: ReadonlyArray<string>) {
    const { collection } = this.config
    return { place: { operation, collection, keys }, deadline: undefined, collection, keys }
  }

  private refusalOf(call: Call.Put | Call.Delete, at: number): StoreUnavailableError | undefined {
    if (this.isClosed) return layerClosed(call.place, false)
    const { maxEntries } = this.config
    const known = this.index.in(call.collection)
    const added = new Set(call.keys.filter((key) => !known.has(key))).size
    const isFull = this.size + added > maxEntries || this.extra >= Math.max(maxEntries, maxOfKey)
    if (isFull || call.keys.some((key) => this.keptOf(known.get(key), at) >= maxOfKey)) {
      return new StoreUnavailableError({ ...call.place, reason: "the journal is full", sent: false })
    }
    return undefined
  }

  private extraOf(pending: Pending): number {
    return (this.replaced.get(pending)?.size ?? 0) + pending.doubtful.length
  }

  /** How many slots of a key cannot be removed yet, or were not. */
  private keptOf(pending: Pending | undefined, at: number): number {
    if (pending === undefined) return 0
    return pending.settlesAt <= at ? (this.replaced.get(pending)?.size ?? 0) : this.extraOf(pending)
  }

  /** Notes how the write of a slot ended. */
  private note(pending: Pending, slot: Slot, outcome: "applied" | "not-applied" | "unknown"): void {
    if (outcome === "applied") {
      if (pending.last !== undefined) this.addReplaced(pending, pending.last.name)
      pending.last = slot
      pending.isReplayed = pending.hasFailed = pending.isRefused = false
      this.index.moveToEnd(pending)
    } else if (outcome === "unknown") {
      pending.doubtful = [...pending.doubtful, slot.name]
      this.extra++
    } else if (pending.last === undefined && this.extraOf(pending) === 0) this.forget(pending)
  }

  private addReplaced(pending: Pending, name: string): void {
    let names = this.replaced.get(pending)
    if (names === undefined) this.replaced.set(pending, (names = new Set()))
    names.add(name)
    this.extra++
    this.hasReplaced.openUnsafe()
    if (this.extra >= crowd) this.isCrowded.openUnsafe()
  }

  private dropReplaced(pending: Pending, name: string): void {
    const names = this.replaced.get(pending)
    if (names?.delete(name)) this.extra--
    if (names?.size === 0) this.replaced.delete(pending)
    this.updateLatches()
  }

  private updateLatches(): void {
    if (this.replaced.size === 0) this.hasReplaced.closeUnsafe()
    if (this.replaced.size === 0 || this.extra < crowd) this.isCrowded.closeUnsafe()
  }

  private forget(pending: Pending): void {
    if (pending.link === undefined) return
    this.extra -= this.extraOf(pending)
    this.replaced.delete(pending)
    this.index.delete(pending)
    this.updateLatches()
  }

  private removeSlots(names: ReadonlyArray<string>): Effect.Effect<unknown, WriteError> {
    return names.length === 0
      ? Effect.void
      : this.config.background.delete({ ...this.callOf("delete", names), _tag: "delete" })
  }

  private readSlots(names: ReadonlyArray<string>) {
    const call = { ...this.callOf("getMany", names), _tag: "get", expiry: false, versioned: false } as const
    return this.config.background.get(call)
  }

  private add(names: ReadonlyArray<string>, slots: ReadonlyArray<Entry | undefined>, found: Set<Pending>): void {
    const { stamps } = this.config
    names.forEach((name, i) => {
      const decoded = slots[i] && journalEntry.decode(slots[i])
      if (decoded === undefined) return
      // Names of this process sort behind those that it has found, although it counts anew.
      stamps.see(decoded.acceptedAt + 1)
      stamps.see(decoded.entry?.createdAt)
      const { collection, key } = decoded
      const pending = this.index.get(collection, key) ?? this.index.add(collection, key)
      found.add(pending)
      const { last } = pending
      const isLast = last === undefined || last.name < name
      if (isLast) pending.last = slotOf(name, decoded)
      if (last !== undefined) this.addReplaced(pending, isLast ? last.name : name)
    })
  }

  private begin(collection: string, key: string): Pending {
    const pending = this.index.add(collection, key)
    this.index.moveToEnd(pending)
    this.config.onPending()
    return pending
  }

  private pendingOf(collection: string, key: string, at: number): Pending {
    const pending = this.index.get(collection, key) ?? this.begin(collection, key)
    if (pending.doubtful.length > 0 && pending.settlesAt <= at) {
      this.extra -= pending.doubtful.length
      for (const name of pending.doubtful) this.addReplaced(pending, name)
      pending.doubtful = []
    }
    return pending
  }

  private nextName(stamp: number): string {
    const padded = (number: number, digits: number) => String(Math.floor(number)).padStart(digits, "0")
    return `${padded(stamp, 15)}-${padded(this.count++, 10)}-${this.config.writer}`
  }
}

const slotOf = (name: string, { acceptedAt, entry }: journalEntry.JournalEntry): Slot => ({
  name,
  acceptedAt,
  isDelete: entry === undefined,
  expiresAt: entry?.expiresAt
})
