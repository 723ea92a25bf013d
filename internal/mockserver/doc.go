// Package mockserver is the Pipeliner CRM REST API in memory: the text message conversations of one space, with their
// relations and messages, and the records that they refer to, with a few fields. It refuses what the real service
// refuses, so that a test which passes here says something about the real service.
//
// In a test, it is an ordinary handler, which the test fills, watches and disturbs with the server's methods:
//
//	mock, err := mockserver.New(mockserver.Options{
//		Behavior: mockserver.Behavior{RevisionFilter: mockserver.Ignored},
//	})
//	// …
//	err = mock.Seed(map[string][]map[string]any{
//		"Phones": {{"id": phoneID, "name": "Front desk"}},
//	})
//	// …
//	service := httptest.NewServer(mock) // its URL + mock.SpacePath() is the base URL
//	defer service.Close()
//
//	mock.Inject(mockserver.Fault{Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1})
//	// … run the code under test …
//	mock.Requests()                                            // the requests, in order
//	mock.Links(conversationID, "account_relations")            // what the server holds now
//	mock.Edit("TextMessageConversations", conversationID, …)   // what another user does meanwhile
//	mock.SetLag(3 * time.Second)                               // reads come from a replica
//	mock.Backup()                                              // and later mock.RestoreBackup()
//	mock.AwaitCommits()                                        // what a CommitLater has put off
//
// A fault can also do what another user does just before or just after the request:
//
//	mock.Inject(mockserver.Fault{
//		Path: "batch-modify", Kind: mockserver.DropAfter, Times: 1,
//		Before: mockserver.Acts{{Create: &mockserver.Target{Entity: "TextMessageConversations", Values: …}}},
//	})
//
// The server waits only with timers, so that all of it works in a bubble of testing/synctest, over [InProcess].
//
// # What is known and what is guessed
//
// Shapes, error envelopes, cursors and the counter of revisions follow recorded replies and the vendor's documents.
// Each question that no source decides is a field of [Behavior], so that a test can play every way. [Switches] lists
// them all. The zero Behavior is the likeliest guess, not a fact.
//
// A few guesses are not worth a switch. A client should not depend on them:
//   - the codes and names of the errors for an unknown id and for a protected record, and of the error that says an
//     item was rolled back;
//   - updating or deleting a record that is already deleted is a 404; restoring one that is not deleted does nothing;
//   - a relation that an update leaves out of a replaced array is soft-deleted, and so is a message;
//   - an item of an array with an id may carry nothing else;
//   - a list without order-by is in the order of ids, nulls come first, "between" takes its bounds separated by a
//     comma, and "not-eq" finds nulls too;
//   - a field that load-only leaves out is not in the reply, even if expand names it;
//   - bits 2 and 4 of the validation level are accepted and change nothing;
//   - a field with several filters must pass all of them, and filters and operators belong together in their order;
//   - two numbers are the same for duplicate-conversations if their stored forms have the same digits;
//   - a number without a country is American for a server that adds one;
//   - creating a message records it and sends nothing.
package mockserver
