import type { Entry } from "../../Entry.ts"

/** What expires, and where it is in the heap: -1 when it is not in it. */
export interface Expiring {
  readonly entry: Entry
  position: number
}

/**
 * What expires, the first to expire first: a binary heap, so that expired entries are found without looking at others.
 *
 * Entries without an expiry are not in it. With the same TTL for all, a write goes to the end, and nothing moves.
 */
export class Expiries<A extends Expiring> {
  private heap: Array<A> = []

  /** The first that has expired. */
  first(now: number): A | undefined {
    const first = this.heap[0]
    return first !== undefined && timeOf(first) <= now ? first : undefined
  }

  /** Puts it where it belongs, after its entry was set or replaced. */
  update(item: A): void {
    if (item.entry.expiresAt === undefined) this.remove(item)
    else {
      if (item.position === -1) item.position = this.heap.push(item) - 1
      this.settle(item)
    }
  }

  remove(item: A): void {
    const { position } = item
    if (position === -1) return
    item.position = -1
    const last = this.heap.pop()!
    if (last === item) return
    this.place(last, position)
    this.settle(last)
  }

  /** Takes out all that have expired and are selected, in one pass. */
  takeExpired(now: number, isSelected: (item: A) => boolean): ReadonlyArray<A> {
    if (this.first(now) === undefined) return []
    const taken: Array<A> = []
    const kept: Array<A> = []
    for (const item of this.heap) (timeOf(item) <= now && isSelected(item) ? taken : kept).push(item)
    for (const item of taken) item.position = -1
    this.heap = kept
    for (let i = 0; i < kept.length; i++) kept[i]!.position = i
    for (let i = (kept.length >> 1) - 1; i >= 0; i--) this.sink(kept[i]!)
    return taken
  }

  private settle(item: A): void {
    this.rise(item)
    this.sink(item)
  }

  private rise(item: A): void {
    const time = timeOf(item)
    while (item.position > 0) {
      const { position } = item
      const parent = this.heap[(position - 1) >> 1]!
      if (timeOf(parent) <= time) return
      this.place(item, parent.position)
      this.place(parent, position)
    }
  }

  private sink(item: A): void {
    const time = timeOf(item)
    for (;;) {
      const { position } = item
      const child = this.earlier(2 * position + 1, 2 * position + 2)
      if (child === undefined || timeOf(child) >= time) return
      this.place(item, child.position)
      this.place(child, position)
    }
  }

  private earlier(left: number, right: number): A | undefined {
    const a = this.heap[left]
    const b = this.heap[right]
    return a === undefined || b === undefined || timeOf(a) <= timeOf(b) ? a : b
  }

  private place(item: A, position: number): void {
    this.heap[position] = item
    item.position = position
  }
}

const timeOf = (item: Expiring): number => item.entry.expiresAt!
