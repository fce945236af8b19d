import { Chain, type Link } from "../../concurrency/Chain.ts"

/** A write in the journal, by the name of its entry there. */
export interface Slot {
  readonly name: string
  readonly acceptedAt: number
  readonly isDelete: boolean
  readonly expiresAt: number | undefined
}

/** The writes of a key that are in the journal. */
export interface Pending {
  readonly collection: string
  readonly key: string
  /** The last write that was accepted. Without one, there are only writes whose outcome is unknown. */
  last: Slot | undefined
  /** Slots whose write failed with an unknown outcome: until `settlesAt` they may still appear in the store. */
  doubtful: ReadonlyArray<string>
  /** Whether the primary has the last write, so that only its slots are to be removed. */
  isReplayed: boolean
  /** Whether the last attempt to replay it failed. */
  hasFailed: boolean
  /** Whether the primary refused it with an error that is no outage, and a warning was logged. */
  isRefused: boolean
  /** Before this time of the monotonic clock, a write to the primary may still be under way. */
  settlesAt: number
  /** Its position in the order of acceptance; `undefined` when it is not in the journal any more. */
  link: Link<Pending> | undefined
}

const none: ReadonlyMap<string, Pending> = new Map()

/** The pending writes, by key and in the order in which the last one of each key was accepted. */
export class Index {
  private readonly collections = new Map<string, Map<string, Pending>>()
  private readonly order = new Chain<Pending>()

  get size(): number {
    return this.order.size
  }

  get(collection: string, key: string): Pending | undefined {
    return this.collections.get(collection)?.get(key)
  }

  /** The pending writes of a collection, by key. */
  in(collection: string): ReadonlyMap<string, Pending> {
    return this.collections.get(collection) ?? none
  }

  /** The collections that have pending writes. */
  names(): IterableIterator<string> {
    return this.collections.keys()
  }

  /** Adds a key, which has no position in the order yet. */
  add(collection: string, key: string): Pending {
    const pending: Pending = {
      collection,
      key,
      last: undefined,
      doubtful: [],
      isReplayed: false,
      hasFailed: false,
      isRefused: false,
      settlesAt: 0,
      link: undefined
    }
    let ofCollection = this.collections.get(collection)
    if (ofCollection === undefined) this.collections.set(collection, (ofCollection = new Map()))
    ofCollection.set(key, pending)
    return pending
  }

  delete(pending: Pending): void {
    const { collection, key } = pending
    const ofCollection = this.collections.get(collection)!
    ofCollection.delete(key)
    if (ofCollection.size === 0) this.collections.delete(collection)
    if (pending.link !== undefined) this.order.remove(pending.link)
    pending.link = undefined
  }

  moveToEnd(pending: Pending): void {
    if (pending.link !== undefined) this.order.remove(pending.link)
    pending.link = this.order.push(pending)
  }

  inOrder(): Array<Pending> {
    return [...this.order]
  }
}

/** Sorts keys by the time when their last write was accepted. Each of them must have one. */
export const byAcceptance = (pending: ReadonlyArray<Pending>): ReadonlyArray<Pending> => {
  const { length } = pending
  const stamps = pending.map(({ last }) => Math.floor(last!.acceptedAt))
  const first = stamps.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const longest = Math.floor(Number.MAX_SAFE_INTEGER / length) - 1
  // Numbers, each with the position of its write, are sorted fast enough not to hold up everything else.
  const numbers = Float64Array.from(stamps, (stamp, i) => Math.min(stamp - first, longest) * length + i)
  return Array.from(numbers.sort(), (number) => pending[number % length]!)
}
