import type { Advice, Wrapper } from "../model.ts"

/** Says which pairs of wrappers are in a wrong order. */
export const advice = (_stack: ReadonlyArray<Wrapper>): ReadonlyArray<Advice> => []
