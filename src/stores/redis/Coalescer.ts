import type * as Effect from "effect/Effect"
import type { CallBase } from "../../driver/Call.ts"
import { type Answer, type Command, type Failure, type Receiver, request, run } from "./commands.ts"
import type { Connection } from "./connection.ts"

type Reply = Buffer | null

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
  /** The names that are wanted, and by whom. */
  private names: Array<string> = []
  private receivers: Array<Receiver<Reply>> = []

  constructor(connection: Connection) {
    this.connection = connection
  }

  get<A, E>(call: CallBase, name: string, answer: Answer<Reply, A, E>): Effect.Effect<A, E | Failure> {
    return request(this.connection, call, (receiver) => this.add(name, receiver), answer)
  }

  private add(name: string, receiver: Receiver<Reply>): void {
    if (this.underWay === 0) {
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
    this.underWay++
    const end = () => void this.underWay--
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

  /** The replies go to many fibers, one after the other, which may all read again: so these are under way until then. */
  private sendMany(names: ReadonlyArray<string>, receivers: ReadonlyArray<Receiver<Reply>>): void {
    this.underWay++
    const end = () => void this.underWay--
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

  /** What the client throws is an error of all who ask: nobody is there to catch it. */
  private run(command: Command): Promise<unknown> {
    return new Promise((resolve) => resolve(run(this.connection, command)))
  }
}
