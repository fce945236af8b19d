import { type Entry, isExpired } from "../../Entry.ts"

/** An entry in its place between the one used before and the one used after it. */
export interface Slot {
  readonly collection: string
  readonly key: string
  entry: Entry
  version: number
  size: number
  older: Slot | undefined
  newer: Slot | undefined
}

export interface Limits {
  readonly maxEntries: number
  readonly maxSize: number
}

/** How many slots each write looks at, to find expired ones: enough to go round faster than writes can fill. */
const sweepPerWrite = 4

/** One count for all, so that a version never comes again. */
let versions = 0

/**
 * Entries in the order of their last use, within limits of their own.
 *
 * Recently used entries are at the newest end, and evicted ones are taken from the oldest. The sweep goes round the
 * whole list, a few slots for each write, so that expired entries that nobody asks for are freed too.
 */
export class Slots {
  private oldest: Slot | undefined
  private newest: Slot | undefined
  private hand: Slot | undefined
  private size = 0
  private count = 0
  private readonly collections: Map<string, Map<string, Slot>>
  private readonly limits: Limits
  private readonly measured: boolean
  private readonly owners: Map<string, Slots>

  /** `owners` holds, for each collection that has entries, the list that they are in. */
  constructor(collections: Map<string, Map<string, Slot>>, limits: Limits, owners: Map<string, Slots> = new Map()) {
    this.collections = collections
    this.limits = limits
    this.owners = owners
    this.measured = limits.maxSize !== Number.POSITIVE_INFINITY
  }

  get(collection: string, key: string, now: number): { readonly entry: Entry; readonly version: number } | undefined {
    const slot = this.collections.get(collection)?.get(key)
    if (slot === undefined) return undefined
    if (isExpired(slot.entry, now)) {
      this.remove(slot)
      return undefined
    }
    this.touch(slot)
    return slot
  }

  set(collection: string, key: string, entry: Entry, now: number): void {
    this.sweep(now)
    const size = this.measured ? entry.payload.size : 0
    const previous = this.collections.get(collection)?.get(key)
    if (size > this.limits.maxSize) {
      if (previous !== undefined) this.remove(previous)
      return
    }
    if (previous === undefined) {
      this.insert({ collection, key, entry, version: ++versions, size, older: undefined, newer: undefined })
    } else this.replace(previous, entry, size)
    while (this.count > this.limits.maxEntries || this.size > this.limits.maxSize) this.remove(this.oldest!)
  }

  delete(collection: string, key: string, now: number): boolean {
    const slot = this.collections.get(collection)?.get(key)
    if (slot === undefined) return false
    this.remove(slot)
    return !isExpired(slot.entry, now)
  }

  removeExpired(now: number): number {
    let removed = 0
    for (let slot = this.oldest; slot !== undefined; slot = slot.newer) {
      if (isExpired(slot.entry, now)) {
        this.remove(slot)
        removed++
      }
    }
    return removed
  }

  private sweep(now: number): void {
    for (let i = 0; i < sweepPerWrite && this.count > 0; i++) {
      const slot: Slot = this.hand ?? this.oldest!
      this.hand = slot.newer
      if (isExpired(slot.entry, now)) this.remove(slot)
    }
  }

  private insert(slot: Slot): void {
    const slots = this.collections.get(slot.collection)
    if (slots === undefined) {
      this.collections.set(slot.collection, new Map([[slot.key, slot]]))
      this.owners.set(slot.collection, this)
    } else slots.set(slot.key, slot)
    this.count++
    this.size += slot.size
    this.append(slot)
  }

  private replace(slot: Slot, entry: Entry, size: number): void {
    this.size += size - slot.size
    slot.entry = entry
    slot.version = ++versions
    slot.size = size
    this.touch(slot)
  }

  private remove(slot: Slot): void {
    const slots = this.collections.get(slot.collection)!
    slots.delete(slot.key)
    this.count--
    this.size -= slot.size
    this.unlink(slot)
    if (slots.size === 0) {
      this.collections.delete(slot.collection)
      this.owners.delete(slot.collection)
    }
  }

  private touch(slot: Slot): void {
    if (slot === this.newest) return
    this.unlink(slot)
    this.append(slot)
  }

  private append(slot: Slot): void {
    slot.older = this.newest
    slot.newer = undefined
    if (this.newest === undefined) this.oldest = slot
    else this.newest.newer = slot
    this.newest = slot
  }

  /** Leaves the slot's own links as they are, so that a walk that stands on it can go on. */
  private unlink(slot: Slot): void {
    if (this.hand === slot) this.hand = slot.newer
    if (slot.older === undefined) this.oldest = slot.newer
    else slot.older.newer = slot.newer
    if (slot.newer === undefined) this.newest = slot.older
    else slot.newer.older = slot.older
  }
}
