// Package account is one account of an installation: its data folder, session, message
// store, OneBot service with its connections, notices and metrics. It owns the order in
// which they start and stop, and nothing of what they do. It knows no other account;
// whatever happens to one stays in its Run.
package account
