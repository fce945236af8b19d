/** What may expire, and where it is in the heap: -1 when it is not in it. */
export interface Expiring {
  readonly entry: { readonly expiresAt: number | undefined }
  position: number
}

/** How many children a place of the heap has: four, which move an item over half as many places as two. */
const width = 4

/**
 * What expires, the first to expire first: a heap, so that expired items are found without looking at others.
 *
 * Items without an expiry are not in it. The times are in an array of their own, since comparing is most of the work.
 */
export class Expiries<A extends Expiring> {
  private items: Array<A> = []
  private times: Array<number> = []

  /** The first that has expired. */
  first(now: number): A | undefined {
    return this.times.length > 0 && this.times[0]! <= now ? this.items[0] : undefined
  }

  /** Puts an item where it belongs, after its entry was set or replaced. */
  update(item: A): void {
    const time = item.entry.expiresAt
    if (time === undefined) this.remove(item)
    else this.settle(item, time, item.position === -1 ? this.items.length : item.position)
  }

  remove(item: A): void {
    const { position } = item
    if (position === -1) return
    item.position = -1
    const last = this.items.pop()!
    const time = this.times.pop()!
    if (last !== item) this.settle(last, time, position)
  }

  /** Takes out all that have expired and are selected, in one pass. */
  takeExpired(now: number, isSelected: (item: A) => boolean): ReadonlyArray<A> {
    if (this.first(now) === undefined) return []
    const taken = this.items.filter((item, i) => this.times[i]! <= now && isSelected(item))
    for (const item of taken) item.position = -1
    this.items = this.items.filter((item) => item.position !== -1)
    this.times = this.items.map((item) => item.entry.expiresAt!)
    for (let i = this.items.length - 1; i >= 0; i--) {
      const item = this.items[i]!
      const time = this.times[i]!
      this.set(this.sink(i, time), item, time)
    }
    return taken
  }

  /** Puts an item where it belongs, by way of a free place. */
  private settle(item: A, time: number, free: number): void {
    const risen = this.rise(free, time)
    this.set(risen < free ? risen : this.sink(free, time), item, time)
  }

  /** Moves parents that expire later into the free place, and answers which one is free then. */
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

  /** Moves children that expire earlier into the free place, and answers which one is free then. */
  private sink(free: number, time: number): number {
    let at = free
    for (;;) {
      const child = this.firstChild(at)
      if (child === -1 || this.times[child]! >= time) return at
      this.move(child, at)
      at = child
    }
  }

  /** The child of a place that expires first, or -1. */
  private firstChild(place: number): number {
    const from = width * place + 1
    const to = Math.min(from + width, this.times.length)
    let first = from < to ? from : -1
    for (let i = from + 1; i < to; i++) if (this.times[i]! < this.times[first]!) first = i
    return first
  }

  private move(from: number, to: number): void {
    this.set(to, this.items[from]!, this.times[from]!)
  }

  private set(place: number, item: A, time: number): void {
    this.items[place] = item
    this.times[place] = time
    item.position = place
  }
}
