import { type Limits, type Slot, Slots } from "./Slots.ts"

/** How many partitions each write looks into for expired entries, beside its own. */
const looksPerWrite = 4

/** Where a collection without entries is looked up, so that a read keeps no memory of it. */
const nothing = new Slots(new Map(), { maxEntries: 0, maxSize: 0 })

/** All entries by collection and key, in partitions that have limits of their own: one for all, or one for each collection. */
export class Partitions {
  readonly collections = new Map<string, Map<string, Slot>>()
  /** For each collection that has entries, the partition that they are in. */
  private readonly owners = new Map<string, Slots>()
  private readonly limits: Limits
  private readonly all: Slots | undefined
  private next: Iterator<Slots>

  constructor(limits: Limits, limitsPer: "collection" | "store") {
    this.limits = limits
    this.all = limitsPer === "store" ? new Slots(this.collections, limits, this.owners) : undefined
    this.next = this.owners.values()
  }

  /** The partition to look for a collection's entries in. */
  of(collection: string): Slots {
    return this.owners.get(collection) ?? nothing
  }

  /** The partition to write a collection's entries to. Other partitions may not be written again: each write helps them. */
  forWrite(collection: string, now: number): Slots {
    if (this.all !== undefined) return this.all
    for (let i = 0; i < looksPerWrite; i++) {
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
