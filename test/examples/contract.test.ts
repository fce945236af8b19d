/** Runs the tests of the example of a custom store. */
import "../../examples/custom/contract.test.ts"
