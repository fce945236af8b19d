import type { KeyValueError } from "../../KeyValueError.ts"

/** Whether a write that failed may have been applied, or may still be. */
export const mayBeApplied = (error: KeyValueError): boolean => !("outcome" in error) || error.outcome !== "not-applied"
