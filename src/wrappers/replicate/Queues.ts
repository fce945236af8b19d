import { Chain, type Link } from "../../concurrency/Chain.ts"

/** Something that wants its turn at a key of a store. A write has the key alone, reads share it with each other. */
export abstract class Visit {
  readonly id: string
  readonly isWrite: boolean
  /** Kept by the queues. */
  status: "new" | "waiting" | "inside" | "gone" = "new"
  /** Its place among all that wait, and among the writes of these. */
  place: Link<{ visit: Visit }> | undefined
  write: Link<Visit> | undefined

  constructor(id: string, isWrite: boolean) {
    this.id = id
    this.isWrite = isWrite
  }

  /** Whether a write has to be made although a newer one follows it, or follows others that have to be seen by it. */
  abstract get mustRun(): boolean
  /** Its turn has come, after it had to wait. */
  abstract onTurn(): void
  /** A newer write stands in its place. */
  abstract onSuperseded(by: Visit): void
  /** The queues are closed. */
  abstract onClosed(): void
}

interface Queue {
  /** How many are at the key: any number of reads, or one write. */
  inside: number
  hasWrite: boolean
  /** All that wait, and the writes of these, in their order. Most keys never have any. */
  waiting: Chain<{ visit: Visit }> | undefined
  writes: Chain<Visit> | undefined
}

/**
 * The turns at the keys of one store, in the order in which they were asked for.
 *
 * Of writes that wait, only the newest is kept, in the place of the one before: so a store that is slow has one write of
 * each key before it, and reads do not keep a write that is replaced all the time from its turn. A key is remembered only
 * while somebody is there.
 */
export class Queues {
  private readonly queues = new Map<string, Queue>()
  private isClosed = false

  /** How many keys somebody is at, or waits for. */
  get size(): number {
    return this.queues.size
  }

  /** Whether a read of the key need not wait. */
  mayReadAtOnce(id: string): boolean {
    const queue = this.queues.get(id)
    return queue === undefined || !(queue.hasWrite || hasWaiting(queue))
  }

  /**
   * Asks for a turn. Tells whether it has come at once; else `onTurn` is called, or `onClosed` if none will come. Whoever
   * enters must leave.
   */
  enter(visit: Visit): boolean {
    if (this.isClosed) {
      visit.onClosed()
      return false
    }
    let queue = this.queues.get(visit.id)
    if (queue === undefined) {
      queue = { inside: 0, hasWrite: false, waiting: undefined, writes: undefined }
      this.queues.set(visit.id, queue)
    }
    if (!hasWaiting(queue) && mayEnter(queue, visit)) {
      admit(queue, visit)
      return true
    }
    visit.status = "waiting"
    visit.place = (queue.waiting ??= new Chain()).push({ visit })
    if (visit.isWrite) {
      visit.write = (queue.writes ??= new Chain()).push(visit)
      merge(queue, visit)
    }
    return false
  }

  /** Gives up a turn, or the wait for one. */
  leave(visit: Visit): void {
    const { status } = visit
    if (status === "new" || status === "gone") return
    const queue = this.queues.get(visit.id)!
    visit.status = "gone"
    if (status === "inside") queue.inside--
    else {
      const follower = visit.write?.next?.value
      remove(queue, visit)
      if (follower !== undefined) merge(queue, follower)
    }
    for (let next = queue.waiting?.first; next && mayEnter(queue, next.value.visit); next = queue.waiting?.first) {
      const { visit } = next.value
      remove(queue, visit)
      admit(queue, visit)
      visit.onTurn()
    }
    if (queue.inside === 0) this.queues.delete(visit.id)
  }

  /** To be called when a write that waits need not run any more. */
  reconsider(visit: Visit): void {
    if (visit.status !== "waiting") return
    const queue = this.queues.get(visit.id)!
    const follower = visit.write!.next?.value
    merge(queue, visit)
    if (follower !== undefined) merge(queue, follower)
  }

  /** Tells all that wait, or come later, that no turn will come. */
  close(): void {
    this.isClosed = true
    for (const { waiting } of this.queues.values()) {
      for (let link = waiting?.first; link !== undefined; link = link.next) link.value.visit.onClosed()
    }
  }
}

const hasWaiting = ({ waiting }: Queue): boolean => waiting !== undefined && waiting.size > 0

const mayEnter = ({ inside, hasWrite }: Queue, { isWrite }: Visit): boolean => inside === 0 || !(isWrite || hasWrite)

const admit = (queue: Queue, visit: Visit): void => {
  visit.status = "inside"
  queue.inside++
  queue.hasWrite = visit.isWrite
}

const remove = (queue: Queue, visit: Visit): void => {
  queue.waiting!.remove(visit.place!)
  if (visit.write !== undefined) queue.writes!.remove(visit.write)
  visit.place = visit.write = undefined
}

/** Lets a write that waits take the place of the one before it, unless one of them must run by itself. */
const merge = (queue: Queue, visit: Visit): void => {
  const previous = visit.write!.previous?.value
  if (previous === undefined || previous.mustRun || visit.mustRun) return
  const place = previous.place!
  queue.waiting!.remove(visit.place!)
  queue.writes!.remove(previous.write!)
  place.value.visit = visit
  visit.place = place
  previous.place = previous.write = undefined
  previous.status = "gone"
  previous.onSuperseded(visit)
}
