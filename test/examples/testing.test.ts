/** Runs the example of tests with virtual time. */
import "../../examples/testing.test.ts"
