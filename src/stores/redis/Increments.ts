import type * as Call from "../../driver/Call.ts"
import { type Command, type Receiver, run } from "./commands.ts"
import type { Connection } from "./connection.ts"

/** An increment that is not sent yet. */
interface Pending {
  readonly call: Call.Increment
  readonly receiver: Receiver<Call.Incremented>
}

interface Batch {
  readonly pending: Array<Pending>
  sum: number
  /** Makes the command that adds a number to the counter. It is that of the newest increment, which has the latest time. */
  command: (by: number) => Command
}

/**
 * Combines the increments of a counter in one turn of the event loop into one command, which adds their sum. Each increment
 * gets the result that it would have had in its turn.
 */
export class Increments {
  private readonly connection: Connection
  private readonly batches = new Map<string, Batch>()

  constructor(connection: Connection) {
    this.connection = connection
  }

  add(name: string, pending: Pending, command: Batch["command"]): void {
    const { by } = pending.call
    const batch = this.batches.get(name)
    if (batch !== undefined && joins(pending.call, batch)) {
      batch.pending.push(pending)
      batch.sum += by
      batch.command = command
      return
    }
    if (batch !== undefined) this.send(batch)
    else if (this.batches.size === 0) process.nextTick(() => this.flush())
    this.batches.set(name, { pending: [pending], sum: by, command })
  }

  private flush(): void {
    const batches = [...this.batches.values()]
    this.batches.clear()
    for (const batch of batches) this.send(batch)
  }

  private send({ pending, sum, command }: Batch): void {
    // The constructor turns an exception of the client into a rejection, since nothing else catches it.
    new Promise<unknown>((resolve) => resolve(run(this.connection, command(sum)))).then(
      (reply) => {
        const result = resultOf(String(reply))
        let value = result === undefined ? 0 : result.value - sum
        // The first ones may be within the range, although the sum is not. Nothing has been added yet.
        const isSplit = pending.length > 1 && result?.applied === false
        for (const one of pending) {
          const { by } = one.call
          if (isSplit) this.send({ pending: [one], sum: by, command })
          else one.receiver.reply(result?.applied ? { applied: true, value: (value += by) } : result)
        }
      },
      (error) => {
        for (const { receiver } of pending) receiver.fail(error)
      }
    )
  }
}

/**
 * Whether an increment can be added together with a batch. All of them move the counter in one direction, in which only one
 * limit matters: if the sum keeps it, each of them keeps it.
 */
const joins = (call: Call.Increment, { pending, sum }: Batch): boolean => {
  const { by, min, max, initial, expiresAt, renews } = pending[0]!.call
  return (
    (by >= 0 ? call.by >= 0 && min === Number.MIN_SAFE_INTEGER : call.by < 0 && max === Number.MAX_SAFE_INTEGER) &&
    Number.isSafeInteger(sum + call.by) &&
    call.min === min &&
    call.max === max &&
    call.initial === initial &&
    call.expiresAt === expiresAt &&
    call.renews === renews
  )
}

const resultOf = (reply: string): Call.Incremented =>
  reply === "" ? undefined : { applied: reply.startsWith("="), value: Number(reply.slice(1)) }
