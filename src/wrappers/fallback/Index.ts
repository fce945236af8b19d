import { Chain, type Link } from "../../internal/Chain.ts"

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
  /** The last write that was accepted. Without one, there may be writes of which nobody was told that they were. */
  last: Slot | undefined
  /** Slots whose write failed with an unknown outcome: until `settlesAt` they may still appear in the store. */
  doubtful: ReadonlyArray<string>
  /** Whether the primary has the last write, so that only its slots are to be removed. */
  isReplayed: boolean
  /** Whether the last attempt to replay it failed. */
  hasFailed: boolean
  /** Whether the primary refused it for a reason that will not pass by itself, and a warning was logged. */
  isRefused: boolean
  /** Before this time of the monotonic clock, a write to the primary may still be under way. */
  settlesAt: number
}

const none: ReadonlyMap<string, Pending> = new Map()

/** What is pending, by name and in the order in which the last writes were accepted. */
export class Index {
  private readonly collections = new Map<string, Map<string, Pending>>()
  private order = new Chain<Pending>()
  private readonly links = new Map<Pending, Link<Pending>>()

  get size(): number {
    return this.order.size
  }

  get(collection: string, key: string): Pending | undefined {
    return this.collections.get(collection)?.get(key)
  }

  has(pending: Pending): boolean {
    return this.links.has(pending)
  }

  /** What is pending in a collection, by key. */
  in(collection: string): ReadonlyMap<string, Pending> {
    return this.collections.get(collection) ?? none
  }

  /** Collections in which something is pending. */
  names(): IterableIterator<string> {
    return this.collections.keys()
  }

  add(collection: string, key: string): Pending {
    const pending = {
      collection,
      key,
      last: undefined,
      doubtful: [],
      isReplayed: false,
      hasFailed: false,
      isRefused: false,
      settlesAt: 0
    }
    let ofCollection = this.collections.get(collection)
    if (ofCollection === undefined) this.collections.set(collection, (ofCollection = new Map()))
    ofCollection.set(key, pending)
    this.links.set(pending, this.order.push(pending))
    return pending
  }

  delete(pending: Pending): void {
    const { collection, key } = pending
    const ofCollection = this.collections.get(collection)!
    ofCollection.delete(key)
    if (ofCollection.size === 0) this.collections.delete(collection)
    this.order.remove(this.links.get(pending)!)
    this.links.delete(pending)
  }

  moveToEnd(pending: Pending): void {
    this.order.remove(this.links.get(pending)!)
    this.links.set(pending, this.order.push(pending))
  }

  /** Brings what was added in any order into that of acceptance. */
  sort(): void {
    const sorted = this.inOrder().sort(
      ({ last: a }, { last: b }) => a!.acceptedAt - b!.acceptedAt || (a!.name < b!.name ? -1 : 1)
    )
    this.order = new Chain()
    for (const pending of sorted) this.links.set(pending, this.order.push(pending))
  }

  inOrder(): Array<Pending> {
    const all: Array<Pending> = []
    for (let link = this.order.first; link !== undefined; link = link.next) all.push(link.value)
    return all
  }
}
