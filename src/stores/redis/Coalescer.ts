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
 * A read is sent at once when no other is under way; else all that come in the same turn of the event loop are sent
 * together.
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
    else if (this.waiting.length === 1) setImmediate(() => this.flush())
  }

  private flush(): void {
    const reads = this.waiting
    if (reads.length === 0) return
    this.waiting = []
    this.send(reads)
  }

  private send(reads: ReadonlyArray<Read>): void {
    this.underWay++
    if (reads.length === 1) this.sendOne(reads[0]!)
    else this.sendMany(reads)
  }

  private sendOne({ name, reply, fail }: Read): void {
    const end = () => void this.underWay--
    run(this.connection, ["getBuffer", name]).then(
      (value) => {
        end()
        reply(value as Reply)
      },
      (error) => {
        end()
        fail(error)
      }
    )
  }

  /** The replies go to many fibers, one after the other, which may all read again: so these are under way until then. */
  private sendMany(reads: ReadonlyArray<Read>): void {
    const end = () => void this.underWay--
    run(this.connection, ["mgetBuffer", reads.map(({ name }) => name)]).then(
      (values) => {
        for (let i = 0; i < reads.length; i++) reads[i]!.reply((values as ReadonlyArray<Reply>)[i]!)
        end()
      },
      (error) => {
        for (const { fail } of reads) fail(error)
        end()
      }
    )
  }
}
