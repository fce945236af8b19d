import { Chain, type Link } from "../../concurrency/Chain.ts"

/** Who requests turns. */
export interface Owner {
  /** Whether a write must run although a newer one waits behind it, or although it waits behind older ones. */
  readonly mustRun: boolean
  /** Called when a turn begins after a wait. */
  onTurn(turn: Turn): void
  /** Called when a newer write takes the place of a turn: it does not run. */
  onSuperseded(turn: Turn, by: Turn): void
  /** Called when the queues are closed while a turn waits. */
  onClosed(): void
}

/** A turn at a key of a store, or the wait for one. A write has the key alone, reads share it with each other. */
export class Turn {
  readonly owner: Owner
  /** Which of the owner's keys it is about. */
  readonly index: number
  readonly id: string
  readonly isWrite: boolean
  /** Set by the queues. */
  status: "new" | "waiting" | "inside" | "gone" = "new"
  /** Its place among all turns that wait, and among the writes that wait. */
  place: Link<{ turn: Turn }> | undefined
  write: Link<Turn> | undefined

  constructor(owner: Owner, index: number, id: string, isWrite: boolean) {
    this.owner = owner
    this.index = index
    this.id = id
    this.isWrite = isWrite
  }
}

interface Queue {
  /** How many turns have begun and not ended: any number of reads, or one write. */
  inside: number
  hasWrite: boolean
  /** All turns that wait, and the writes among them, in their order. Most keys never have any. */
  waiting: Chain<{ turn: Turn }> | undefined
  writes: Chain<Turn> | undefined
}

/**
 * The turns at the keys of one store, in the order in which they were requested.
 *
 * Of the writes that wait, only the newest is kept, in the place of the one before. So a slow store has at most one waiting
 * write of each key, and a key that is overwritten all the time still gets its turn before later reads. A key is remembered
 * only while it has a turn.
 */
export class Queues {
  private readonly queues = new Map<string, Queue>()
  private isClosed = false

  /** How many keys have turns. */
  get size(): number {
    return this.queues.size
  }

  /** Whether a read of the key need not wait. */
  mayReadAtOnce(id: string): boolean {
    const queue = this.queues.get(id)
    return queue === undefined || !(queue.hasWrite || hasWaiting(queue))
  }

  /**
   * Requests a turn. Returns whether it begins at once; otherwise `onTurn` is called when it begins, or `onClosed` if it
   * never will. For every `enter`, `leave` must be called.
   */
  enter(turn: Turn): boolean {
    if (this.isClosed) {
      turn.owner.onClosed()
      return false
    }
    let queue = this.queues.get(turn.id)
    if (queue === undefined) {
      queue = { inside: 0, hasWrite: false, waiting: undefined, writes: undefined }
      this.queues.set(turn.id, queue)
    }
    if (!hasWaiting(queue) && mayEnter(queue, turn)) {
      admit(queue, turn)
      return true
    }
    turn.status = "waiting"
    turn.place = (queue.waiting ??= new Chain()).push({ turn })
    if (turn.isWrite) {
      turn.write = (queue.writes ??= new Chain()).push(turn)
      merge(queue, turn)
    }
    return false
  }

  /** Ends a turn, or the wait for it. */
  leave(turn: Turn): void {
    const { status } = turn
    if (status === "new" || status === "gone") return
    const queue = this.queues.get(turn.id)!
    turn.status = "gone"
    if (status === "inside") queue.inside--
    else {
      const follower = turn.write?.next?.value
      remove(queue, turn)
      if (follower !== undefined) merge(queue, follower)
    }
    for (let next = queue.waiting?.first; next && mayEnter(queue, next.value.turn); next = queue.waiting?.first) {
      const { turn } = next.value
      remove(queue, turn)
      admit(queue, turn)
      turn.owner.onTurn(turn)
    }
    if (queue.inside === 0) this.queues.delete(turn.id)
  }

  /** To be called when `mustRun` of a write that waits has become false. */
  reconsider(turn: Turn): void {
    if (turn.status !== "waiting") return
    const queue = this.queues.get(turn.id)!
    const follower = turn.write!.next?.value
    merge(queue, turn)
    if (follower !== undefined) merge(queue, follower)
  }

  /** Calls `onClosed` of all turns that wait, and of later ones. */
  close(): void {
    this.isClosed = true
    for (const { waiting = [] } of this.queues.values()) for (const { turn } of waiting) turn.owner.onClosed()
  }
}

const hasWaiting = ({ waiting }: Queue): boolean => waiting !== undefined && waiting.size > 0

const mayEnter = ({ inside, hasWrite }: Queue, { isWrite }: Turn): boolean => inside === 0 || !(isWrite || hasWrite)

const admit = (queue: Queue, turn: Turn): void => {
  turn.status = "inside"
  queue.inside++
  queue.hasWrite = turn.isWrite
}

const remove = (queue: Queue, turn: Turn): void => {
  queue.waiting!.remove(turn.place!)
  if (turn.write !== undefined) queue.writes!.remove(turn.write)
  turn.place = turn.write = undefined
}

/** Lets a write that waits take the place of the write before it, unless one of the two must run. */
const merge = (queue: Queue, turn: Turn): void => {
  const previous = turn.write!.previous?.value
  if (previous === undefined || previous.owner.mustRun || turn.owner.mustRun) return
  const place = previous.place!
  queue.waiting!.remove(turn.place!)
  queue.writes!.remove(previous.write!)
  place.value.turn = turn
  turn.place = place
  previous.place = previous.write = undefined
  previous.status = "gone"
  previous.owner.onSuperseded(previous, turn)
}
