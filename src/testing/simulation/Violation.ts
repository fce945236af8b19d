/**
 * The kind of a violation.
 *
 * - `lostAcknowledgedWrite`: an acknowledged write or delete was lost, although nothing replaced it.
 * - `notAppliedButVisible`: an operation saw a write that had failed with the outcome `"not-applied"`.
 * - `staleReadBeyondBound`: a read was staler than allowed.
 * - `untypedDefect`: an operation ended in a way that its type does not list.
 * - `leakedFiber`: a fiber outlived its stack.
 * - `hang`: an operation did not end or took longer than the stack allows, or a layer did not close or open again.
 * - `answeredAfterClose`: an operation of a closed layer did not fail at once.
 * - `notRecovered`: an operation failed after all faults had stopped and `recovery` had passed.
 * - `divergedReplica`: stores that should hold the same entries at the end did not.
 * - `other`: anything else, such as a value that no operation wrote, or a failure at another caller's budget.
 * - `undecided`: there are too many possible orders of the operations to check.
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
 * A broken guarantee.
 *
 * @since 0.1.0
 */
export interface Violation {
  readonly kind: ViolationKind
  /** A description of what happened. */
  readonly message: string
  /** The affected key, if the violation concerns one. */
  readonly key: string | undefined
  /** The id of the operation that shows the violation, if there is one. */
  readonly operation: number | undefined
}

export const violation = (
  kind: ViolationKind,
  message: string,
  { key, operation }: { readonly key?: string | undefined; readonly operation?: number } = {}
): Violation => ({ kind, message, key, operation })
