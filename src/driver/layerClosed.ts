import { type Place, StoreUnavailableError } from "../KeyValueError.ts"

/** The failure of an operation whose layer is closed. `sent`: it may have been sent before. */
export const layerClosed = (place: Place, sent = false, cause?: unknown): StoreUnavailableError =>
  new StoreUnavailableError({
    ...place,
    reason: "the layer is closed",
    sent,
    isClosed: true,
    ...(cause !== undefined && { cause })
  })
