// Package backup copies an installation into one file while it runs, and puts such a file
// back: data folders and configuration. It owns the format of the file. How an account uses
// its folder is internal/app/account's, how messages are copied internal/store's.
package backup
