import { Effect } from "effect"
import { Driver, KeyValueError } from "effect-kv"

/** A switch, and a wrapper that makes a store unavailable while the switch is on. */
export const outage = () => {
  const state = { isOn: false }
  const wrap = Driver.wrapper(
    Driver.around(
      Effect.fnUntraced(function* (call, next) {
        if (!state.isOn) return yield* next(call)
        return yield* new KeyValueError.StoreUnavailableError({ ...call.place, reason: "an outage", sent: false })
      })
    )
  )
  return { state, wrap }
}
