// Package client speaks the Pipeliner REST API, version 100, for text message
// conversations: it knows URLs, HTTP statuses, batches and what to do when a
// reply gets lost. It knows nothing of Terraform.
//
// A [Client] belongs to one space. Its three [Entity] values give the plain
// operations of the API; [Client.CreateOrUpdate] and [Client.Delete] are for
// many concurrent callers, whose single changes they join into the fewest
// possible batch requests.
package client
