import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Call from "../../driver/Call.ts"
import type { Driver } from "../../driver/Driver.ts"
import { type Entry, isExpired } from "../../Entry.ts"
import { idOf, idsOf } from "../../internal/ids.ts"
import { outcomeOf } from "../../internal/outcome.ts"
import {
  DeserializationError,
  type Operation,
  type ReadError,
  StoreUnavailableError,
  type WriteError
} from "../../KeyValueError.ts"
import * as journalEntry from "./journalEntry.ts"
import type { Meters } from "./Meters.ts"

/** Where a write is in the journal. */
export interface Slot {
  readonly name: string
  readonly acceptedAt: number
  readonly isDelete: boolean
  readonly expiresAt: number | undefined
}

/** What the journal has of a key. */
export interface Pending {
  readonly collection: string
  readonly key: string
  /** All that there may be of it in the store, in order. */
  slots: Array<string>
  /** The last write that was accepted. Without one, there may be writes of which nobody was told that they were. */
  last: Slot | undefined
  /** Whether the primary has the last write, so that only its slots are to be removed. */
  isReplayed: boolean
  /** Whether the primary refused it for a reason that will not pass by itself, of which it was told. */
  isRefused: boolean
  /** Before this time, a write to the primary may still be under way. */
  settlesAt: number
}

export interface Config {
  readonly store: Driver
  /** The collection that the journal is in. */
  readonly collection: string
  readonly maxEntries: number
  readonly settleTime: number
  /** Sets this process's writes apart from those of others. */
  readonly writer: string
  /** Whether integers are exact in the primary store. */
  readonly exact: boolean
  readonly meters: Meters
}

const pageSize = 100

/**
 * Writes that the fallback has accepted in place of the primary, in a collection of their own, and an index of them in
 * memory.
 *
 * Every write has a slot of its own, whose name is never used again: what the store does late can only add an old write
 * or remove one that is gone already. The names sort by time of acceptance.
 */
export class Journal {
  private readonly index = new Map<string, Pending>()
  private readonly config: Config
  private lastStamp = 0
  private count = 0

  constructor(config: Config) {
    this.config = config
  }

  get size(): number {
    return this.index.size
  }

  get(id: string): Pending | undefined {
    return this.index.get(id)
  }

  /** What is pending, in the order in which the last writes were accepted. */
  inOrder(): ReadonlyArray<Pending> {
    const nameOf = ({ last, slots }: Pending) => last?.name ?? slots[0] ?? ""
    return [...this.index.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  }

  /** What has a write that was accepted. */
  written(): ReadonlyArray<Pending> {
    return [...this.index.values()].filter(({ last }) => last !== undefined)
  }

  /** How many of the keys of a call are known to be there, by the journal alone. */
  countOf(call: Call.Delete): Effect.Effect<number> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const isThere = (id: string) => {
        const last = this.index.get(id)?.last
        return last !== undefined && !last.isDelete && !isExpired(last, now)
      }
      return Effect.succeed([...new Set(idsOf(call))].filter(isThere).length)
    })
  }

  /** Reads the index from the store. What is in it is not replayed at once: its writer may have been about to do so. */
  load(): Effect.Effect<void, ReadError> {
    const self = this
    return Effect.gen(function* () {
      const settlesAt = (yield* Clock.currentTimeMillis) + self.config.settleTime
      let cursor: Call.Cursor
      do {
        const call = { ...self.callOf("keys", []), _tag: "keys", prefix: "", pageSize, cursor } as const
        const page: Call.Page = yield* self.config.store.keys!(call)
        if (page.names.length > 0) self.add(page.names, yield* self.readSlots(page.names), settlesAt)
        cursor = page.next
      } while (cursor !== undefined)
    })
  }

  /**
   * Writes what a call does to the journal. `settleTime` is given if the primary may still apply the call, too.
   *
   * Callers see to it that there are no two calls about the same key at a time.
   */
  accept(call: Call.Put | Call.Delete, mayBeUnderWay: boolean): Effect.Effect<void, WriteError> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const ids = idsOf(call)
      if (this.index.size + ids.filter((id) => !this.index.has(id)).length > this.config.maxEntries) {
        return Effect.fail(new StoreUnavailableError({ ...call.place, reason: "the journal is full", sent: false }))
      }
      const acceptedAt = (this.lastStamp = Math.max(now, this.lastStamp))
      const writes = call.keys.map((key, i): journalEntry.JournalEntry => {
        const entry = call._tag === "put" ? call.entries[i] : undefined
        return { collection: call.collection, key, acceptedAt, entry }
      })
      const slots = writes.map((write) => slotOf(this.nextName(), write))
      const pending = ids.map((id, i) => this.pendingOf(id, call.collection, call.keys[i]!))
      pending.forEach((it, i) => void it.slots.push(slots[i]!.name))
      const { store, collection, settleTime, meters } = this.config
      const { place, deadline } = call
      const keys = slots.map(({ name }) => name)
      const put = store.put({
        _tag: "put",
        place,
        deadline,
        collection,
        keys,
        entries: writes.map(journalEntry.encode)
      })
      return Effect.onExitPrimitive(put, (exit) => {
        const outcome = outcomeOf(exit)
        const settlesAt = clock.currentTimeMillisUnsafe() + settleTime
        pending.forEach((it, i) => {
          if (mayBeUnderWay || outcome === "unknown") it.settlesAt = Math.max(it.settlesAt, settlesAt)
          if (outcome === "applied") {
            it.last = slots[i]
            it.isReplayed = it.isRefused = false
          } else if (outcome === "not-applied") this.forgetSlot(it, slots[i]!.name)
        })
        if (outcome === "applied") meters.count("journaled", slots.length)
        return undefined
      })
    })
  }

  /**
   * Reads the last writes of keys, as entries. A slot that another process has replayed is no longer there: its key is
   * not pending any more, and answered as `"gone"`.
   */
  read(
    call: Call.Get,
    pending: ReadonlyArray<Pending>
  ): Effect.Effect<ReadonlyArray<Entry | undefined | "gone">, ReadError> {
    return Effect.clockWith((clock) => {
      const now = clock.currentTimeMillisUnsafe()
      const lasts = pending.map(({ last }) => last!)
      const asked = lasts.flatMap((slot, i) => (slot.isDelete || isExpired(slot, now) ? [] : [i]))
      if (asked.length === 0) return Effect.succeed(lasts.map(() => undefined))
      const names = asked.map((i) => lasts[i]!.name)
      const found = this.config.store.get({ ...call, collection: this.config.collection, keys: names, expiry: false })
      return Effect.flatMap(found, (slots) => {
        const answers: Array<Entry | undefined | "gone"> = lasts.map(() => undefined)
        for (const [i, index] of asked.entries()) {
          const slot = slots[i]
          const decoded = slot && journalEntry.decode(slot, this.config.exact)
          if (slot !== undefined && decoded === undefined) {
            return Effect.fail(
              new DeserializationError({ ...call.place, reason: "its entry in the journal is damaged" })
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
    return Effect.map(this.read({ ...call, collection: pending.collection }, [pending]), ([entry]) => entry)
  }

  /** Removes the slots of a key that its last one has replaced. */
  compact(pending: Pending): Effect.Effect<void, WriteError> {
    return Effect.suspend(() => {
      const { last, slots } = pending
      const replaced = slots.filter((slot) => slot !== last?.name)
      if (replaced.length === 0 || last === undefined) return Effect.void
      return Effect.map(this.config.store.delete({ ...this.callOf("delete", replaced), _tag: "delete" }), () => {
        pending.slots = [last.name]
      })
    })
  }

  /** Removes the slots of a key, and with them what is known of it. */
  remove(pending: Pending): Effect.Effect<void, WriteError> {
    const slots = [...pending.slots]
    const removed =
      slots.length === 0
        ? Effect.succeed(0)
        : this.config.store.delete({ ...this.callOf("delete", slots), _tag: "delete" })
    return Effect.map(removed, () => this.forget(pending))
  }

  forget(pending: Pending): void {
    this.index.delete(idOf(pending.collection, pending.key))
    this.config.meters.setLength(this.index.size)
  }

  /** The call of one operation on the journal itself. */
  callOf(operation: Operation, keys: ReadonlyArray<string>) {
    const { collection } = this.config
    return { place: { operation, collection, keys }, deadline: undefined, collection, keys }
  }

  private readSlots(names: ReadonlyArray<string>) {
    const call = { ...this.callOf("getMany", names), _tag: "get", expiry: false, versioned: false } as const
    return this.config.store.get(call)
  }

  private add(names: ReadonlyArray<string>, slots: ReadonlyArray<Entry | undefined>, settlesAt: number): void {
    names.forEach((name, i) => {
      const decoded = slots[i] && journalEntry.decode(slots[i], this.config.exact)
      if (decoded === undefined) return
      const { collection, key, acceptedAt } = decoded
      const pending = this.pendingOf(idOf(collection, key), collection, key)
      pending.slots.push(name)
      pending.settlesAt = settlesAt
      this.lastStamp = Math.max(this.lastStamp, acceptedAt + 1)
      if (pending.last !== undefined && pending.last.name > name) return
      pending.last = slotOf(name, decoded)
    })
  }

  private pendingOf(id: string, collection: string, key: string): Pending {
    let pending = this.index.get(id)
    if (pending === undefined) {
      pending = { collection, key, slots: [], last: undefined, isReplayed: false, isRefused: false, settlesAt: 0 }
      this.index.set(id, pending)
      this.config.meters.setLength(this.index.size)
    }
    return pending
  }

  private forgetSlot(pending: Pending, name: string): void {
    pending.slots = pending.slots.filter((slot) => slot !== name)
    if (pending.slots.length === 0 && pending.last === undefined) this.forget(pending)
  }

  private nextName(): string {
    const padded = (number: number, digits: number) => String(Math.floor(number)).padStart(digits, "0")
    return `${padded(this.lastStamp, 15)}-${padded(this.count++, 10)}-${this.config.writer}`
  }
}

const slotOf = (name: string, { acceptedAt, entry }: journalEntry.JournalEntry): Slot => ({
  name,
  acceptedAt,
  isDelete: entry === undefined,
  expiresAt: entry?.expiresAt
})
