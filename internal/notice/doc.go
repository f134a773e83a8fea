// Package notice tells the owner when something needs attention: the account is offline
// or waits for a person, a connection fails, messages cannot be written. It compares
// conditions, which package account derives from the state of the program, waits until
// trouble has lasted, limits how often a notice is repeated, and delivers notices to
// webhooks and to mail and push services. The library shoutrrr reads the URLs of these
// services.
//
// It knows nothing of sessions, connections and stores. Of this module it imports
// packages network, redact and text only.
package notice
