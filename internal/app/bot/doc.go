// Package bot is the other side of a OneBot v11 service: a small client for its
// WebSocket and its HTTP API. The built-in demo bot, the commands call and events
// and the benchmark use it, as any bot in any language would.
//
// It knows the protocol only as JSON over the network. Of this module it imports
// packages network, redact and text only.
package bot
