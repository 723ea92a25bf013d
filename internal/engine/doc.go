// Package engine reads and writes the records of one space for many callers in few
// requests, so that nothing is lost, doubled or silently overwritten.
//
// An [Engine] has a [Collection] for conversations and one for messages. A caller hands
// over a [Change] and gets a [Result]; the engine gathers the changes of all callers into
// batches, compares what is updated with what the CRM holds, sends them, looks for what
// requests have done whose reply got lost, and reads back what was written.
//
// # Glossary
//
// Each word has one meaning here.
//
//   - Revision: the space's counter. Every change raises it, and the record that was
//     changed keeps the value. Revisions order changes; clocks don't.
//   - Moment: a revision of the space, as a point in its history. Whatever happens later
//     has a higher revision.
//   - Floor: a revision that everything sought is above, [NoFloor] where none is known.
//     A list begins there.
//   - As-of: the revision of the space at which a record was known to be as it is. As
//     long as nothing newer has changed the record, it still is.
//   - Baseline: what the caller of an update knows of the record, field by field. What
//     the CRM holds beside it is the change of someone else.
//   - Conflict: a field that the update and someone else have changed since the baseline,
//     to different values.
//   - Identity: what tells a record from others before it has an id. For a conversation
//     that is its phone and number, for a message its conversation, direction and content.
//   - Claim: the note that a record is known to the engine or its user. A claimed record
//     can't be the result of a lost create.
//   - Lost: a request that was sent and got no usable reply. A lost create is open until
//     it is known what it has made.
//   - Adopt: to take a record that the space shows for the result of a lost create. That
//     needs proof: no more records of one identity than creates that may have made them,
//     and nothing in them that contradicts what was sent.
//   - Spelling: how the service writes a value that it was sent, such as a number without
//     its spaces. A spelling of what was sent is what was sent.
//   - Stub: a record as a list shows it, without its contents. Messages of others are
//     never read any further.
package engine
