// Package engine reads and writes the records of one space for many callers in few
// requests, so that nothing is lost, duplicated or silently overwritten.
//
// An [Engine] has a [Collection] for conversations and one for messages. A caller hands
// over a [Change] and gets a [Result]. The engine gathers the changes of all callers into
// batches. It compares updates with what the CRM holds, sends the batches, looks for what
// lost requests have done, and reads back what was written.
//
// # The course of a write
//
// A writing is a number of changes on their way to the CRM. Its steps are methods:
//
//  1. begin asks for the moment before creates, and adopts what earlier attempts have made.
//  2. compare finds conflicts of updates with what others have changed.
//  3. restore undoes soft deletes.
//  4. send delivers the changes. After a lost request, settle looks for what that has done,
//     and deliver sends only the rest again. Then lookOnceMore looks for late results.
//  5. undo deletes what was created, if all or nothing is wanted and something has failed.
//  6. readBack reads what was written.
//
// # How a lost create finds its record
//
// settle looks in growing intervals, until every create has a record or the recovery timeout ends.
// Each look is a search. It lists the unclaimed records that are newer than the first lost
// request, sorts them by their place, and leaves out those that existed before. Then:
//
//  1. choose gives the creates of one identity the records of that identity: first those with the
//     messages of a create, then those that agree in everything, last those that lack something.
//     If there are more records than lost creates, it chooses none, and the error names them all.
//  2. chooseRespelled gives the creates that are left the records with the same tail, whose name
//     may be a spelling of theirs.
//  3. adoptProven adopts a chosen record, unless its links or its use show that it is someone else's. If no
//     message proves that it is the create's, it waits for the last look, because the create's own may come late.
//  4. doubts are the records that a create may have made although it has not adopted them. They
//     keep it from being sent again.
//  5. passClaimed notes the records that others have claimed, so that a later attempt passes them.
//
// A create that was sent a second time and answered may exist twice: lookForTwins tells. A create
// that was answered with an id that can't be its own is astray: findAstray looks for its record.
//
// # The layers of a read
//
//   - A [client.Walk] goes through the pages of a list.
//   - A newerList lists what is newer than a floor, whatever the service can filter and order.
//   - A listing reads such a list as long as its pages cost less than single gets. Readers
//     can share it.
//   - A fetching is the read of one caller. It gets what the listing lacks.
//
// # Glossary
//
// Each word has one meaning here.
//
//   - Revision: the space's counter. Every change raises it, and the record that was
//     changed keeps the value. Revisions order changes; clocks don't.
//   - Moment: a revision of the space, as a point in its history. Later changes have
//     higher revisions.
//   - Floor: a revision that everything sought is above, or [NoFloor] if none is known.
//     A list starts there.
//   - As-of: the revision of the space when the list began that all readers share, so that
//     what they have read is at least as new. As long as nothing newer has changed a record,
//     it still is as it was read.
//   - Baseline: what the caller of an update knows of the record, field by field. If the
//     CRM holds something else, someone else has changed it.
//   - Conflict: a field that the update and someone else have changed since the baseline,
//     to different values.
//   - Identity: what tells a record from others before it has an id. For a conversation
//     that is its phone and number, for a message its conversation, direction and content.
//   - Place: the phone of a conversation, or the conversation of a message.
//   - Tail: the last four digits of a number. No spelling changes them.
//   - Claim: the note that a record is known to the engine or its user. A claimed record
//     can't be the result of a lost create, unless it was left to the owner of that create.
//   - Owner: who has a record afterwards, such as a resource.
//   - Lost: a request that was sent and got no usable reply. A lost create is open until
//     the engine knows what it has made.
//   - Attempt: a create, with all requests that have tried it. What an earlier attempt has
//     sent may be another input than that of the create which repeats it.
//   - Recalled: an attempt that the caller has forgotten for a while, so that it no longer knows
//     which records others have claimed since.
//   - Left: a claim that an owner has given up, to a later create of the same owner.
//   - Use: what the messages inside a conversation show of who writes there: only the create
//     (unused), also others (used), or not yet all that the create has sent (incomplete).
//   - Exact: a search that takes only a record that has everything that was sent, and no other links.
//   - Twin: another record that the lost request of a create may have made. A look-alike has the
//     identity of a create, but no lost request may have made it.
//   - Adopt: to take a record that the space shows for the result of a lost create. That
//     needs proof: no more records of one identity than creates that may have made them,
//     the messages that were sent inside it, and nothing that contradicts what was sent,
//     such as a link or a message of others.
//   - Spelling: how the service writes a value that it was sent, such as a number without
//     its spaces. A spelling of what was sent is what was sent.
//   - Stub: a record as a list shows it, without its contents. The engine never reads more
//     of messages that belong to others.
package engine
