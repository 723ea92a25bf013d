// Package client speaks the Pipeliner REST API, version 100, for text message
// conversations: it knows URLs, HTTP statuses and what a reply proves. It remembers
// nothing of the records, and knows nothing of Terraform.
//
// A [Client] belongs to one space. Its [Entity] values have the operations of the API
// for conversations, messages and the links of conversations. [Client.Records] has them
// for any other entity. Paths are below the base URL of a space,
// https://<host>/api/v100/rest/spaces/<space>.
//
// [ProblemOf] tells what kind of failure an error is. The client repeats a call that
// changes something and can't be repeated safely only if the call was certainly not
// carried out. If that is unknown, the error is an [OutcomeUnknownError], and the engine
// decides what to do.
package client
