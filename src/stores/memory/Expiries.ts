/** An item that may expire. */
export interface Expiring {
  readonly entry: { readonly expiresAt: number | undefined }
  /** The index of the item in the heap, or -1. */
  heapIndex: number
}

/** The number of children of each node in the heap. With four, an item passes half as many nodes as with two. */
const width = 4

/**
 * A heap of items by expiry, in which expired items are found without visiting others. It contains no items without an
 * expiry.
 *
 * The times are in a separate array for speed, since most of the work is comparing times.
 */
export class Expiries<A extends Expiring> {
  private items: Array<A> = []
  private times: Array<number> = []

  /** Returns the item that expired first, or `undefined` if none has expired. */
  first(now: number): A | undefined {
    return this.times.length > 0 && this.times[0]! <= now ? this.items[0] : undefined
  }

  /** Adds, moves or removes an item after its entry was set or replaced. */
  update(item: A): void {
    const time = item.entry.expiresAt
    if (time === undefined) this.remove(item)
    else this.place(item, time, item.heapIndex === -1 ? this.items.length : item.heapIndex)
  }

  remove(item: A): void {
    const { heapIndex } = item
    if (heapIndex === -1) return
    item.heapIndex = -1
    const last = this.items.pop()!
    const time = this.times.pop()!
    if (last !== item) this.place(last, time, heapIndex)
  }

  /** Removes all selected items that have expired, in one pass, and returns them. */
  takeExpired(now: number, isSelected: (item: A) => boolean): ReadonlyArray<A> {
    if (this.first(now) === undefined) return []
    const taken = this.items.filter((item, i) => this.times[i]! <= now && isSelected(item))
    for (const item of taken) item.heapIndex = -1
    this.items = this.items.filter((item) => item.heapIndex !== -1)
    this.times = this.items.map((item) => item.entry.expiresAt!)
    for (let i = this.items.length - 1; i >= 0; i--) {
      const item = this.items[i]!
      const time = this.times[i]!
      this.set(this.sink(i, time), item, time)
    }
    return taken
  }

  /** Puts an item at its place, starting at a free index. */
  private place(item: A, time: number, free: number): void {
    const risen = this.rise(free, time)
    this.set(risen < free ? risen : this.sink(free, time), item, time)
  }

  /** Moves parents that expire later down. Returns the index that is free afterwards. */
  private rise(free: number, time: number): number {
    let at = free
    while (at > 0) {
      const parent = Math.floor((at - 1) / width)
      if (this.times[parent]! <= time) break
      this.move(parent, at)
      at = parent
    }
    return at
  }

  /** Moves children that expire earlier up. Returns the index that is free afterwards. */
  private sink(free: number, time: number): number {
    let at = free
    for (;;) {
      const child = this.firstChild(at)
      if (child === -1 || this.times[child]! >= time) return at
      this.move(child, at)
      at = child
    }
  }

  /** Returns the child of a node that expires first, or -1. */
  private firstChild(node: number): number {
    const from = width * node + 1
    const to = Math.min(from + width, this.times.length)
    let first = from < to ? from : -1
    for (let i = from + 1; i < to; i++) if (this.times[i]! < this.times[first]!) first = i
    return first
  }

  private move(from: number, to: number): void {
    this.set(to, this.items[from]!, this.times[from]!)
  }

  private set(index: number, item: A, time: number): void {
    this.items[index] = item
    this.times[index] = time
    item.heapIndex = index
  }
}
