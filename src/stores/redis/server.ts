import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { type Failure, send } from "./commands.ts"
import type { Connection } from "./connection.ts"

/** The identity of the server behind a connection. */
export interface Server {
  /** The stream of the connection. A new connection has a new one. */
  readonly stream: unknown
  /** The server's `run_id`, unless it does not allow to ask for it. */
  readonly run: string | undefined
}

/** Asks the server for its identity. */
export const serverOf = (connection: Connection, call: CallBase): Effect.Effect<Server, Failure> =>
  send(connection, call, ["infoBuffer", "server"], (info: Buffer) =>
    Exit.succeed(/run_id:(\w+)/.exec(`${info}`)?.[1])
  ).pipe(
    Effect.catchTag("StoreError", () => Effect.undefined),
    Effect.map((run) => ({ stream: streamOf(connection), run }))
  )

/**
 * Checks that it is still the same server. Asks it only after a new connection.
 *
 * Fails if the server was restarted, or cannot be identified: a cursor of `SCAN` is valid only in the process that gave it.
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
