// Package config is the program's configuration: one YAML file, overridden by
// environment variables, checked as a whole so that every problem is reported at
// once with its place and its remedy.
//
// Files: config.go has the types, decode.go, credentials.go and env.go fill them,
// validate.go checks them. The comments of the keys are in both languages;
// generate_test.go makes of them schema.json (for editors), template.*.yaml (what `libration config init` writes) and
// the tables of docs/configuration*.md.
//
// Environment variables are named LIBRATION_ and the path of the key in upper
// case with "__" between its parts: LIBRATION_LOG__LEVEL=debug,
// LIBRATION_SIGNER__URLS=https://a,https://b,
// LIBRATION_ONEBOT__CONNECTIONS__0__ACCESS_TOKEN=secret. Structured values are
// written as YAML.
//
// Credentials are files in the folder that CREDENTIALS_DIRECTORY names, each named like
// the key whose value it holds: account.password, onebot.connections.0.access_token. They
// go over the file, and environment variables over them.
//
// The package reads no other file.
package config
