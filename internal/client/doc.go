// Package client speaks the Pipeliner REST API, version 100, for text message
// conversations: it knows URLs, HTTP statuses and what a reply proves. It remembers
// nothing of the records, and knows nothing of Terraform.
//
// A [Client] belongs to one space. Its [Entity] values give the operations of the API,
// for conversations, messages, the links of conversations, and by [Client.Records] for
// whatever else the space holds. Paths are below the base URL of a space,
// https://<host>/api/v100/rest/spaces/<space>.
//
// What fails says by [ProblemOf] what kind of failure it is. A call that changes
// something and can't be repeated is sent again only where it is certain that it was
// not carried out; where that is not known, the error is an [OutcomeUnknownError].
// What to do about that is the business of the engine.
package client
