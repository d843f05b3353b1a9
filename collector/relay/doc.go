// Package relay runs user-mode TCP/IP stacks that relay connections to real
// sockets: each in a network namespace of its own, where nothing is but a
// listener on the loopback, so that no packet can leave. Nothing needs root
// where users may have namespaces.
package relay
