import { type Entry, isExpired } from "../../Entry.ts"
import * as utf8 from "../../value/utf8.ts"
import { Expiries } from "./Expiries.ts"

/** An entry, linked to the entries that were used before and after it. */
export interface Slot {
  readonly collection: string
  readonly key: string
  entry: Entry
  version: number
  size: number
  older: Slot | undefined
  newer: Slot | undefined
  heapIndex: number
}

export interface Limits {
  readonly maxEntries: number
  /** The maximum size in bytes of all values (as JSON in UTF-8), with the key and the collection of each. */
  readonly maxSize: number
}

/**
 * The number of expired entries that each write removes. It must be greater than 1, which is the number that a write
 * adds.
 */
const freedPerWrite = 4

/** The last version. All stores share this counter, so that no version is ever used twice. */
let versions = 0

/**
 * The entries of a partition, in the order of their last use.
 *
 * If a limit is exceeded, expired entries are removed first, and then the least recently used ones. Each write also
 * removes a few expired entries, so that expired entries that are never read again do not stay.
 */
export class Slots {
  private oldest: Slot | undefined
  private newest: Slot | undefined
  private size = 0
  private count = 0
  private readonly expiries = new Expiries<Slot>()
  private readonly collections: Map<string, Map<string, Slot>>
  private readonly limits: Limits
  private readonly measured: boolean
  private readonly owners: Map<string, Slots>

  /** `owners` maps each collection with entries to its `Slots`. */
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

  /** Returns whether the entry is stored. An entry above the limit is not stored, and the previous entry is removed. */
  set(collection: string, key: string, given: Entry, now: number): boolean {
    this.freeExpired(now)
    const { payload, size: valueSize } = given.payload.withoutText(this.measured)
    const size = this.measured ? valueSize + utf8.length(key) + utf8.length(collection) : 0
    const previous = this.collections.get(collection)?.get(key)
    if (size > this.limits.maxSize) {
      if (previous !== undefined) this.remove(previous)
      return false
    }
    const entry = payload === given.payload ? given : { ...given, payload }
    if (previous === undefined) {
      this.insert({
        collection,
        key,
        entry,
        version: ++versions,
        size,
        older: undefined,
        newer: undefined,
        heapIndex: -1
      })
    } else this.replace(previous, entry, size)
    while (this.count > this.limits.maxEntries || this.size > this.limits.maxSize) {
      this.remove(this.expiries.first(now) ?? this.oldest!)
    }
    return true
  }

  delete(collection: string, key: string, now: number): boolean {
    const slot = this.collections.get(collection)?.get(key)
    if (slot === undefined) return false
    this.remove(slot)
    return !isExpired(slot.entry, now)
  }

  /** Removes a few expired entries. */
  freeExpired(now: number): void {
    for (let i = 0; i < freedPerWrite; i++) {
      const slot = this.expiries.first(now)
      if (slot === undefined) return
      this.remove(slot)
    }
  }

  removeExpired(now: number, isSelected: (slot: Slot) => boolean = () => true): number {
    const expired = this.expiries.takeExpired(now, isSelected)
    for (const slot of expired) this.remove(slot)
    return expired.length
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
    this.expiries.update(slot)
  }

  private replace(slot: Slot, entry: Entry, size: number): void {
    this.size += size - slot.size
    slot.entry = entry
    slot.version = ++versions
    slot.size = size
    this.touch(slot)
    this.expiries.update(slot)
  }

  private remove(slot: Slot): void {
    const slots = this.collections.get(slot.collection)!
    slots.delete(slot.key)
    this.count--
    this.size -= slot.size
    this.unlink(slot)
    this.expiries.remove(slot)
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
    if (this.newest === undefined) this.oldest = slot
    else this.newest.newer = slot
    this.newest = slot
  }

  /** Also removes the slot's own links, since a removed slot would keep other slots in memory through them. */
  private unlink(slot: Slot): void {
    const { older, newer } = slot
    if (older === undefined) this.oldest = newer
    else older.newer = newer
    if (newer === undefined) this.newest = older
    else newer.older = older
    slot.older = undefined
    slot.newer = undefined
  }
}
