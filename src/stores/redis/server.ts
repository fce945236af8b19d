import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { type Failure, send } from "./commands.ts"
import type { Connection } from "./connection.ts"

/** Which server it is that a connection leads to. */
export interface Server {
  /** The stream of the connection, which has another one when it was lost and made again. */
  readonly stream: unknown
  /** What the server calls the run of its process, if it tells. */
  readonly run: string | undefined
}

/** Asks the server, which may not allow the question. */
export const serverOf = (connection: Connection, call: CallBase): Effect.Effect<Server, Failure> =>
  send(connection, call, ["infoBuffer", "server"], (info: Buffer) =>
    Exit.succeed(/run_id:(\w+)/.exec(`${info}`)?.[1])
  ).pipe(
    Effect.catchTag("StoreError", () => Effect.undefined),
    Effect.map((run) => ({ stream: streamOf(connection), run }))
  )

/**
 * The same server, asked again only if it was connected to again.
 *
 * Fails if it is not known to be the same, or was started again: a cursor of `SCAN` means nothing there, since each process
 * has an order of keys of its own.
 */
export const sameServer = (connection: Connection, call: CallBase, known: Server): Effect.Effect<Server, Failure> =>
  Effect.suspend(() =>
    streamOf(connection) === known.stream
      ? Effect.succeed(known)
      : Effect.filterOrFail(
          serverOf(connection, call),
          ({ run }) => run !== undefined && run === known.run,
          () => new StoreUnavailableError({ ...call.place, reason: replaced, sent: false })
        )
  )

const replaced = "it is not known to be the server that began to list its keys: list them again"

const streamOf = ({ client }: Connection): unknown => ("stream" in client ? client.stream : undefined)
