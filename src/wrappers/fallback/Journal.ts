import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Call from "../../driver/Call.ts"
import { isExpired } from "../../Entry.ts"
import type { WriteError } from "../../KeyValueError.ts"
import { ExtraSlots } from "./ExtraSlots.ts"
import { Index, type Pending, type Slot } from "./Index.ts"
import type { Meters } from "./meters.ts"
import { pageSize, type Slots } from "./Slots.ts"
import type { Stamps } from "./Stamps.ts"

export interface Config {
  readonly slots: Slots
  readonly maxEntries: number
  readonly settleTime: number
  readonly meters: Meters
  readonly stamps: Stamps
}

/**
 * Writes that the fallback has accepted in place of the primary, and an index of them in memory.
 *
 * `load.ts` builds the index from the store, `accept.ts` adds writes, and `lastWrites.ts` reads the last write of a
 * key.
 */
export class Journal {
  readonly index = new Index()
  readonly extra = new ExtraSlots()
  /** Open while there is something to replay, or an outage whose end must be noticed. */
  readonly isReplayNeeded = Latch.makeUnsafe()
  readonly config: Config
  isClosed = false

  constructor(config: Config) {
    this.config = config
  }

  get size(): number {
    return this.index.size
  }

  /** Whether the journal has pending writes of any key of the call. */
  concerns({ collection, keys }: Call.Put | Call.Delete): boolean {
    if (this.size === 0) return false
    const pending = this.index.in(collection)
    return pending.size > 0 && keys.some((key) => pending.has(key))
  }

  /**
   * The pending writes that may be replayed at `at` (monotonic time), in the order in which they were accepted. Those
   * whose last replay failed come last.
   */
  due(at: number): ReadonlyArray<Pending> {
    const settled = this.index.inOrder().filter(({ settlesAt }) => settlesAt <= at)
    const failed = settled.filter(({ hasFailed }) => hasFailed)
    return failed.length === 0 ? settled : [...settled.filter(({ hasFailed }) => !hasFailed), ...failed]
  }

  /** How many of the keys of a call exist, as far as the journal knows. */
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

  /** Returns the pending writes of a key, and adds the key if it has none. `at` is the current monotonic time. */
  open(collection: string, key: string, at: number): Pending {
    const known = this.index.get(collection, key)
    if (known !== undefined) {
      this.extra.settle(known, at)
      return known
    }
    const pending = this.index.add(collection, key)
    this.index.moveToEnd(pending)
    this.isReplayNeeded.openUnsafe()
    return pending
  }

  /** Notes how the write of a slot ended. */
  note(pending: Pending, slot: Slot, outcome: "applied" | "not-applied" | "unknown"): void {
    if (outcome === "applied") {
      if (pending.last !== undefined) this.extra.addReplaced(pending, pending.last.name)
      pending.last = slot
      pending.isReplayed = pending.hasFailed = pending.isRefused = false
      this.index.moveToEnd(pending)
    } else if (outcome === "unknown") this.extra.addDoubtful(pending, slot.name)
    else if (pending.last === undefined && this.extra.of(pending) === 0) this.forget(pending)
  }

  /** Removes the slots that are replaced by now. */
  get compact(): Effect.Effect<void, WriteError> {
    return Effect.suspend(() =>
      Effect.forEach(
        Arr.chunksOf(this.extra.allReplaced(), pageSize),
        (chunk) =>
          Effect.map(this.removeSlots(chunk.map(({ name }) => name)), () => {
            for (const { pending, name } of chunk) this.extra.removed(pending, name)
          }),
        { discard: true }
      )
    )
  }

  /** Removes the slots of a key, and forgets the key. */
  remove(pending: Pending): Effect.Effect<void, WriteError> {
    return Effect.suspend(() => {
      const { last, doubtful } = pending
      const older = [...this.extra.replacedOf(pending), ...doubtful]
      // The slot of the last write is removed after the others. Otherwise, a process that starts in between could find
      // only an older write, and replay it.
      const removed = Effect.andThen(this.removeSlots(older), this.removeSlots(last === undefined ? [] : [last.name]))
      return Effect.map(removed, () => this.forget(pending))
    })
  }

  private removeSlots(names: ReadonlyArray<string>): Effect.Effect<unknown, WriteError> {
    return names.length === 0 ? Effect.void : this.config.slots.remove(names)
  }

  private forget(pending: Pending): void {
    if (pending.link === undefined) return
    this.extra.forget(pending)
    this.index.delete(pending)
  }
}
