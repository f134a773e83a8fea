// Package sandbox is a simulated NTQQ service on the real wire protocol, for
// development, tests and demonstrations without an account.
//
// A [world.World] holds users, groups and messages; a [server.Server] serves it to
// clients over TCP or in memory, with its own key pairs and sign provider; package
// control is its API for people. Rules that are ours, not observed, are called so in
// docs/protocol.
//
//	box, err := sandbox.New(sandbox.Options{AutoApprove: 10001})
//	go box.Serve(ctx, listener)
//	box.World().Messages().Send(world.Send{From: 20001, To: 10001, Parts: world.Text("hello")}, nil)
//
// Pictures, voices and videos are uploaded to it and downloaded from it, on the port of the
// clients. [Sandbox.Parts] makes the media that people of the world send. What a bot has
// sent is in [world.World.Media], by its SHA-1. [Sandbox.Close] removes all of them.
//
// It must not import ntqq (but ntqq/message and ntqq/media), onebot or internal/app.
package sandbox
