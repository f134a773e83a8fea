// Package supervise runs the services of an installation side by side: connections to
// bots, and the owner's HTTP server. Each service waits for its start condition, runs,
// is started again with growing pauses when it fails, and reports its state. A service
// that fails or panics never takes another one down.
//
// The package knows nothing of what the services do and imports nothing of this
// module.
package supervise
