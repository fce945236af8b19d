import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { CallBase } from "../../driver/Call.ts"
import { StoreUnavailableError } from "../../KeyValueError.ts"
import { type Failure, send } from "./commands.ts"
import type { Connection } from "./connection.ts"

/** The identity of the server behind a connection. */
export interface Server {
  /** The stream of the connection. Each connection has a new stream. */
  readonly stream: unknown
  /** The server's `run_id`, or `undefined` if the user is not allowed to read it. */
  readonly run: string | undefined
}

/** Returns the identity of the server. */
export const serverOf = (connection: Connection, call: CallBase): Effect.Effect<Server, Failure> =>
  send(connection, call, ["infoBuffer", "server"], (info: Buffer) =>
    Exit.succeed(/run_id:(\w+)/.exec(`${info}`)?.[1])
  ).pipe(
    Effect.catchTag("StoreError", () => Effect.undefined),
    Effect.map((run) => ({ stream: streamOf(connection), run }))
  )

/**
 * Checks that the connection still leads to the same server. Asks the server only if the connection is new.
 *
 * Fails if the server was restarted or cannot be identified, since a cursor of `SCAN` is valid only in the process that
 * returned it.
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

const replaced = "the server may have been restarted or replaced while its keys were listed: start again"

const streamOf = ({ client }: Connection): unknown => ("stream" in client ? client.stream : undefined)
