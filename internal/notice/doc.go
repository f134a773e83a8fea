// Package notice tells the owner when something needs attention: the account is
// offline or waits for a person, a connection fails, messages cannot be written. It
// follows conditions, which somebody else derives from the state of the program,
// waits until they have lasted, limits how often it speaks, and delivers to webhooks
// and, through the library shoutrrr, to mail and push services.
//
// It knows nothing of sessions and services; of this module it imports package
// redact only.
package notice
