import { type Limits, type Slot, Slots } from "./Slots.ts"

/** How many other partitions each write looks into for expired entries. */
const othersPerWrite = 4

/** For collections without entries, so that a read allocates nothing for them. */
const empty = new Slots(new Map(), { maxEntries: 0, maxSize: 0 })

/** All entries by collection and key. The limits hold for a partition: there is one for all, or one for each collection. */
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

  /** The partition to read a collection from. */
  of(collection: string): Slots {
    return this.owners.get(collection) ?? empty
  }

  /** The partition to write a collection to. Expired entries of others are removed, too: they may never be written again. */
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
