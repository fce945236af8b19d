/**
 * What is wrong with a history.
 *
 * - `lostAcknowledgedWrite`: a write or delete that was acknowledged is gone, without another in its place.
 * - `notAppliedButVisible`: somebody saw a write that had failed with the outcome `"not-applied"`.
 * - `staleReadBeyondBound`: an answer that was no longer true, for longer than it may.
 * - `untypedDefect`: an operation that ended in a way that its type does not tell.
 * - `leakedFiber`: fibers that outlive their stack.
 * - `hang`: an operation without an end, or one that took longer than the stack allows; a layer that does not close.
 * - `answeredAfterClose`: an operation of a closed layer that did not fail at once.
 * - `notRecovered`: an operation that fails although nothing has been wrong for long.
 * - `divergedReplica`: stores that should hold the same in the end, and do not.
 * - `other`: an answer that nobody can have written, a caller that was ended by another's budget.
 * - `undecided`: more possibilities than the checker can look at.
 *
 * @since 0.1.0
 */
export type ViolationKind =
  | "lostAcknowledgedWrite"
  | "notAppliedButVisible"
  | "staleReadBeyondBound"
  | "untypedDefect"
  | "leakedFiber"
  | "hang"
  | "answeredAfterClose"
  | "notRecovered"
  | "divergedReplica"
  | "other"
  | "undecided"

/**
 * Something that must not happen, and did.
 *
 * @since 0.1.0
 */
export interface Violation {
  readonly kind: ViolationKind
  /** What happened, in words. */
  readonly message: string
  /** The key that it happened to. */
  readonly key: string | undefined
  /** The operation that shows it. */
  readonly operation: number | undefined
}
