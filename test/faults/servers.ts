/** Helpers for the servers of the faults. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { command } from "../servers/redis.ts"

/** Repeats an effect until `isRight` accepts its value. Failures are repeated, too. */
export const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, isRight: (answer: A) => boolean) =>
  Effect.retry(
    Effect.filterOrFail(effect, isRight, () => "not yet"),
    { schedule: Schedule.spaced("20 millis"), times: 1000 }
  )

/** A field of INFO. */
export const info = (port: number, section: string, name: string) =>
  Effect.map(command(port, "info", section), (text) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(String(text))?.[1])

/** Returns a function that sends signals to the server's process. */
export const send = (port: number) =>
  Effect.map(
    info(port, "server", "process_id"),
    (pid) => (signal: NodeJS.Signals) => Effect.sync(() => process.kill(Number(pid), signal))
  )
