import type * as Effect from "effect/Effect"
import type { CallBase } from "../../driver/Call.ts"
import { type Answer, type Command, type Failure, type Receiver, request, run } from "./commands.ts"
import type { Connection } from "./connection.ts"

type Reply = Buffer | null

/** The maximum number of keys in one command. The server runs no other command meanwhile. */
const maxKeys = 256

/**
 * Combines concurrent reads of single keys into one MGET.
 *
 * A read is sent at once if no other read is running. Otherwise all reads of the same turn of the event loop are sent
 * together.
 */
export class Coalescer {
  private readonly connection: Connection
  private running = 0
  /** The names to read next, and the receiver of each value. */
  private names: Array<string> = []
  private receivers: Array<Receiver<Reply>> = []

  constructor(connection: Connection) {
    this.connection = connection
  }

  get<A, E>(call: CallBase, name: string, answer: Answer<Reply, A, E>): Effect.Effect<A, E | Failure> {
    return request(this.connection, call, (receiver) => this.add(name, receiver), answer)
  }

  private add(name: string, receiver: Receiver<Reply>): void {
    if (this.running === 0) {
      this.sendOne(name, receiver)
      return
    }
    this.names.push(name)
    this.receivers.push(receiver)
    if (this.names.length === maxKeys) this.flush()
    else if (this.names.length === 1) setImmediate(() => this.flush())
  }

  private flush(): void {
    const { names, receivers } = this
    if (names.length === 0) return
    this.names = []
    this.receivers = []
    if (names.length === 1) this.sendOne(names[0]!, receivers[0]!)
    else this.sendMany(names, receivers)
  }

  private sendOne(name: string, receiver: Receiver<Reply>): void {
    this.running++
    const end = () => void this.running--
    this.run(["getBuffer", name]).then(
      (value) => {
        end()
        receiver.reply(value as Reply)
      },
      (error) => {
        end()
        receiver.fail(error)
      }
    )
  }

  /** Counts as running until all replies are delivered, so that the next reads of their fibers are combined, too. */
  private sendMany(names: ReadonlyArray<string>, receivers: ReadonlyArray<Receiver<Reply>>): void {
    this.running++
    const end = () => void this.running--
    this.run(["mgetBuffer", names]).then(
      (values) => {
        for (let i = 0; i < receivers.length; i++) receivers[i]!.reply((values as ReadonlyArray<Reply>)[i]!)
        end()
      },
      (error) => {
        for (const receiver of receivers) receiver.fail(error)
        end()
      }
    )
  }

  /** Turns an exception of the client into a rejection, since nothing else catches it. */
  private run(command: Command): Promise<unknown> {
    return new Promise((resolve) => resolve(run(this.connection, command)))
  }
}
