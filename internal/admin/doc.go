// Package admin is the owner's view of a running installation over HTTP: /healthz,
// /readyz and /metrics, and the owner's part in its login: POST /login and
// /login/captcha, and its uploads and downloads: GET /transfers and DELETE
// /transfers/{id}, and the profiles of the program, /debug/pprof/. It asks for the state at every request and keeps nothing but counters.
// It must not import ntqq, onebot or the store: package app hands over their state.
package admin
