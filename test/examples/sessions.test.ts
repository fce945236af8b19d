/** Runs the tests of the service with sessions. */
import "../../examples/sessions/sessions.test.ts"
