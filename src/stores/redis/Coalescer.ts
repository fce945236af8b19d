import type * as Effect from "effect/Effect"
import type { CallBase } from "../../driver/Call.ts"
import { type Asker, type Failure, request, run } from "./commands.ts"
import type { Connection } from "./connection.ts"

type Reply = Buffer | null

interface Read extends Asker<Reply> {
  readonly name: string
}

/** How many keys one command asks for at most, so that it keeps no other waiting for long. */
const maxKeys = 256

/**
 * Reads of single keys that are wanted at the same time, as one MGET.
 *
 * A read is sent at once when no other is under way; else all that come until the event loop goes on are sent together.
 */
export class Coalescer {
  private readonly connection: Connection
  private underWay = 0
  private waiting: Array<Read> = []

  constructor(connection: Connection) {
    this.connection = connection
  }

  get(call: CallBase, name: string): Effect.Effect<Reply, Failure> {
    return request(this.connection, call, ({ reply, fail }) => this.add({ name, reply, fail }))
  }

  private add(read: Read): void {
    if (this.underWay === 0) {
      this.send([read])
      return
    }
    this.waiting.push(read)
    if (this.waiting.length === maxKeys) this.flush()
    else if (this.waiting.length === 1) process.nextTick(() => this.flush())
  }

  private flush(): void {
    const reads = this.waiting
    if (reads.length === 0) return
    this.waiting = []
    this.send(reads)
  }

  private send(reads: ReadonlyArray<Read>): void {
    const { client } = this.connection
    this.underWay++
    const replies =
      reads.length === 1
        ? run(client, ["getBuffer", reads[0]!.name]).then((reply) => [reply as Reply])
        : (run(client, ["mgetBuffer", reads.map(({ name }) => name)]) as Promise<ReadonlyArray<Reply>>)
    // What the replies lead to at once is a part of the same turn: it still finds this one under way.
    replies.then(
      (replies) => {
        for (let i = 0; i < reads.length; i++) reads[i]!.reply(replies[i]!)
        this.underWay--
      },
      (error) => {
        for (const { fail } of reads) fail(error)
        this.underWay--
      }
    )
  }
}
