// Package client speaks the Pipeliner REST API, version 100, for text message conversations. It knows URLs, HTTP
// statuses and what a reply proves. It remembers nothing of the records, and knows nothing of Terraform.
//
// A [Client] belongs to one space. Its [Entity] values have the operations of the API for conversations, messages and
// the links of conversations. [Client.Records] has them for any other entity. Paths are below the base URL of a
// space, https://<host>/api/v100/rest/spaces/<space>.
//
// [ProblemOf] returns the kind of failure that an error stands for. Some calls that change something can't be
// repeated safely. The client repeats such a call only if it was certainly not carried out. If that is unknown, the
// error is an [OutcomeUnknownError], and the engine decides what to do.
package client
