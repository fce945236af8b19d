import { type Place, StoreUnavailableError } from "../KeyValueError.ts"

/** The error of an operation whose layer is closed. `sent`: the operation may have been sent before the layer closed. */
export const layerClosed = (place: Place, sent = false, cause?: unknown): StoreUnavailableError =>
  new StoreUnavailableError({
    ...place,
    reason: "the layer is closed",
    sent,
    isClosed: true,
    ...(cause !== undefined && { cause })
  })
