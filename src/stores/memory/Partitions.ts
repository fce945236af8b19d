import { type Limits, type Slot, Slots } from "./Slots.ts"

/** The number of partitions that each write searches for expired entries. */
const othersPerWrite = 4

/** Used for collections without entries, so that a read of them allocates nothing. */
const empty = new Slots(new Map(), { maxEntries: 0, maxSize: 0 })

/**
 * All entries, by collection and key. A partition is the whole store or one collection. The limits apply to each
 * partition.
 */
export class Partitions {
  readonly collections = new Map<string, Map<string, Slot>>()
  /** The partition of each collection that has entries. */
  private readonly owners = new Map<string, Slots>()
  private readonly limits: Limits
  private readonly all: Slots | undefined
  private next: Iterator<Slots>

  constructor(limits: Limits, limitsPer: "collection" | "store") {
    this.limits = limits
    this.all = limitsPer === "store" ? new Slots(this.collections, limits, this.owners) : undefined
    this.next = this.owners.values()
  }

  /** Returns the partition from which a collection is read. */
  of(collection: string): Slots {
    return this.owners.get(collection) ?? empty
  }

  /**
   * Returns the partition to which a collection is written. Removes expired entries of others, which may never be
   * written again.
   */
  forWrite(collection: string, now: number): Slots {
    if (this.all !== undefined) return this.all
    for (let i = 0; i < othersPerWrite; i++) {
      const { done, value } = this.next.next()
      if (done) {
        this.next = this.owners.values()
        break
      }
      value.freeExpired(now)
    }
    return this.owners.get(collection) ?? new Slots(this.collections, this.limits, this.owners)
  }

  removeExpired(now: number, selects: ((collection: string, key: string) => boolean) | undefined): number {
    const isSelected = selects && ((slot: Slot) => selects(slot.collection, slot.key))
    if (this.all !== undefined) return this.all.removeExpired(now, isSelected)
    let count = 0
    for (const slots of this.owners.values()) count += slots.removeExpired(now, isSelected)
    return count
  }
}
