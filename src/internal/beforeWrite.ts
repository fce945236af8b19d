import { StoreUnavailableError, TimeoutError } from "../KeyValueError.ts"

/** The failure of a read that precedes a write: its own request may have been sent, but nothing has been written. */
export const beforeWrite = <E>(error: E): E | StoreUnavailableError | TimeoutError => {
  if (error instanceof StoreUnavailableError) {
    const { operation, collection, keys, reason, cause, isClosed = false } = error
    return new StoreUnavailableError({ operation, collection, keys, reason, cause, sent: false, isClosed })
  }
  if (error instanceof TimeoutError) {
    const { operation, collection, keys, duration } = error
    return new TimeoutError({ operation, collection, keys, duration, sent: false })
  }
  return error
}
