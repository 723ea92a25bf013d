package engine

import (
	"cmp"
	"context"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// takeCreates decides which of the found records the lost creates have made. That needs proof: an identity must not
// have more records than creates that may have made them. A record that differs in a field that the create sets
// belongs to someone else.
func (s *search[T, In]) takeCreates(ctx context.Context) {
	for place, items := range s.places {
		alike := grouped(s.made[place], s.col.names.held)
		waiting := grouped(items, s.w.identity)
		byTail := map[string][]T{} // what none of the creates has sent under just this name
		for of, records := range alike {
			if len(waiting[of]) == 0 {
				byTail[of.tail()] = append(byTail[of.tail()], records...)
			}
		}
		s.readUses(ctx, waiting, alike)
		for of, items := range waiting {
			s.choose(ctx, items, alike[of], s.col.engine.claims.losses(of), byTail)
		}
		s.chooseRespelled(ctx, s.w.unsettled(items), byTail)
	}
}

// doubts returns the records that prevent creates from being sent again.
func (s *search[T, In]) doubts() map[int][]T {
	doubts := map[int][]T{}
	for place, items := range s.places {
		for _, i := range s.w.unsettled(items) {
			if s.w.isUpdate(i) {
				continue // it was adopted, and is yet to be updated
			}
			of := s.w.identity(i)
			for _, record := range s.made[place] {
				if !s.col.engine.claims.has(record.Meta().ID) && s.mayHaveMade(i, record) && s.col.names.mayDouble(of, record) {
					doubts[i] = append(doubts[i], record)
				}
			}
		}
	}
	return doubts
}

// noteContradicting notes the records with the identity of a create that the create has not adopted.
func (s *search[T, In]) noteContradicting() {
	isFree := func(record T) bool { return !s.col.engine.claims.has(record.Meta().ID) }
	for place, items := range s.places {
		alike := grouped(only(s.made[place], isFree), s.col.names.held)
		for _, i := range s.w.unsettled(items) {
			may := only(alike[s.w.identity(i)], func(record T) bool { return s.mayHaveMade(i, record) })
			s.w.results[i].LookAlikes = mapped(may, func(record T) client.ID { return record.Meta().ID })
		}
	}
}

// noteOtherTries notes which records the other tries of an attempt may have made, if the attempt has found one.
func (s *search[T, In]) noteOtherTries() {
	for place, items := range s.places {
		for _, i := range items {
			result := &s.w.results[i]
			if len(s.w.changes[i].AlsoTried) == 0 || !result.Adopted {
				continue
			}
			of := s.col.names.held(result.Value)
			for _, record := range s.made[place] {
				if s.col.names.held(record) == of && s.mayBeOfOtherTry(i, record) {
					result.Twins = append(result.Twins, record.Meta().ID)
				}
			}
		}
	}
}

// mayBeOfOtherTry reports whether another try of the attempt may have made the record.
func (s *search[T, In]) mayBeOfOtherTry(i int, record T) bool {
	return s.w.attempt(i).mayHaveMade(record.Meta()) && !s.col.engine.claims.has(record.Meta().ID) &&
		slices.ContainsFunc(s.w.changes[i].AlsoTried, func(sent In) bool {
			return s.col.fields.like(&sent, &record) && !s.col.fields.hasMore([]*In{&sent}, &record, isLink)
		})
}

// choose assigns the records of one identity to the creates of that identity. First come the records that have the
// messages of a create, then those that agree in everything, and last those that lack something, the oldest first in
// each case. A record that lacks something proves nothing if byTail contains another record, because the name of that
// one may be the service's spelling. lost is the number of lost creates of the identity, in all batches. If there are
// more records than lost creates, choose assigns none. In an exact batch, it also assigns none if there are fewer
// records and other batches have lost some of the creates.
func (s *search[T, In]) choose(ctx context.Context, items []int, records []T, lost int, byTail map[string][]T) {
	fit := func(record T, fits func(int, T) bool) bool {
		return slices.ContainsFunc(items, func(i int) bool { return fits(i, record) })
	}
	isLikely := func(record T) bool { return fit(record, s.resembles) }
	records = only(records, func(record T) bool { return fit(record, s.mayHaveMade) })
	if slices.ContainsFunc(records, func(record T) bool { return fit(record, s.agreed) }) {
		// A record that contradicts all creates belongs to someone else. If it is the only record, it may be a create's
		// record that someone has changed.
		records = only(records, isLikely)
	}
	tooMany := len(records) > max(len(items), lost)
	tooFew := s.w.exact && len(records) > 0 && len(records) < lost && lost > len(items)
	if tooMany || tooFew || s.haveRivals(items) && slices.ContainsFunc(records, isLikely) {
		s.failAmbiguous(items, records)
		return
	}
	if len(items) > 1 && len(items) <= mostCompared {
		records = s.chooseByMessages(ctx, items, records)
	}
	s.chooseByFields(ctx, items, records, byTail)
}

// chooseByFields assigns to creates of one identity the records that agree in everything, then those that lack
// something.
func (s *search[T, In]) chooseByFields(ctx context.Context, items []int, records []T, byTail map[string][]T) {
	for _, fits := range []func(int, T) bool{s.agreed, s.resembles} {
		for _, i := range s.w.unsettled(items) {
			n := slices.IndexFunc(records, func(record T) bool { return s.mayHaveMade(i, record) && fits(i, record) })
			if n < 0 || s.w.isUpdate(i) {
				continue
			}
			if !s.last && !s.agreed(i, records[n]) {
				s.openUntilLast[i] = openRecord{records[n].Meta().ID, lacksSomething}
				continue
			}
			if respelled := s.respelled(i, byTail, s.resembles); len(respelled) > 0 && !s.agreed(i, records[n]) {
				s.failAmbiguous([]int{i}, append(respelled, records[n]))
				continue
			}
			s.adoptProven(ctx, i, records[n])
			records = slices.Delete(records, n, n+1)
		}
	}
}

// mostCompared is the largest number of creates of one identity that the engine distinguishes by their messages. Each
// of them costs requests for each record.
const mostCompared = 4

// chooseByMessages assigns to several creates of one identity the records that have their messages. It returns the
// remaining records.
func (s *search[T, In]) chooseByMessages(ctx context.Context, items []int, records []T) (left []T) {
	for _, record := range records {
		isTheirs := slices.ContainsFunc(s.w.unsettled(items), func(i int) bool {
			if s.w.isUpdate(i) || !s.mayHaveMade(i, record) || !s.agreed(i, record) || s.useOfSilent(i) != incomplete {
				return false
			}
			found := s.useOf(ctx, i, record.Meta().ID)
			if s.useErr = cmp.Or(s.useErr, found.err); found.err != nil || found.use != unused {
				return false
			}
			s.adoptProven(ctx, i, record)
			return true
		})
		if !isTheirs {
			left = append(left, record)
		}
	}
	return left
}

// respelled returns the records that a create may have made under another spelling of its name and that agree with
// it.
func (s *search[T, In]) respelled(i int, byTail map[string][]T, fits func(int, T) bool) (found []T) {
	of := s.w.identity(i)
	for _, tail := range slices.Compact([]string{of.tail(), ""}) {
		for _, record := range byTail[tail] {
			if s.mayHaveMade(i, record) && s.col.names.mayBe(of, record) && fits(i, record) {
				found = append(found, record)
			}
		}
	}
	return found
}

// haveRivals reports whether a lost create of another batch has the same identity and different contents. Then a
// record does not show which of them has made it.
func (s *search[T, In]) haveRivals(items []int) bool {
	of := s.w.identity(items[0])
	return slices.ContainsFunc(s.col.engine.claims.openLike(of), func(create lostCreate) bool {
		return create.of == of && !create.isGivenUp && !s.inputs[create.input]
	})
}

// chooseRespelled assigns to creates the records whose name may be the service's spelling of the create's name: first
// those that agree in everything else, then those that lack something. Each such create must have exactly one record,
// and each such record exactly one create, in all batches. If there are more records that lack something than creates
// that have no full one, one of them is too many, and even a full record proves nothing.
func (s *search[T, In]) chooseRespelled(ctx context.Context, items []int, byTail map[string][]T) {
	taken := map[client.ID]bool{}
	for _, fits := range []func(int, T) bool{s.hasAll, s.resembles} {
		candidates, claims := map[int][]T{}, map[client.ID]int{}
		for _, i := range items {
			found := only(s.respelled(i, byTail, fits), func(record T) bool { return !taken[record.Meta().ID] })
			if len(found) > 0 {
				candidates[i] = found
			}
			for _, record := range found {
				claims[record.Meta().ID]++
			}
		}
		items = only(items, func(i int) bool { return candidates[i] == nil })
		for _, records := range candidates {
			for _, record := range records {
				taken[record.Meta().ID] = true
			}
		}
		makers := map[client.ID][]int{} // the creates without a full record that may have made one that lacks something
		for _, i := range items {
			for _, record := range s.respelled(i, byTail, s.resembles) {
				makers[record.Meta().ID] = append(makers[record.Meta().ID], i)
			}
		}
		for i, records := range candidates {
			lacking, ofLacking := only(s.respelled(i, byTail, s.resembles), func(record T) bool { return !taken[record.Meta().ID] }), map[int]bool{}
			for _, record := range lacking {
				for _, maker := range makers[record.Meta().ID] {
					ofLacking[maker] = true
				}
			}
			if len(lacking) > len(ofLacking) {
				records = append(records, lacking...)
			}
			switch record := records[0]; {
			case !s.last && !s.hasAll(i, record):
				s.openUntilLast[i] = openRecord{record.Meta().ID, lacksSomething}
			case len(records) > 1 || claims[record.Meta().ID] > 1 || s.hasRival(i, record):
				s.failAmbiguous([]int{i}, records)
			default:
				s.adoptProven(ctx, i, record)
			}
		}
	}
}

// hasRival reports whether a lost create that does not belong to this search, and has another name, may have made the
// record.
func (s *search[T, In]) hasRival(i int, record T) bool {
	rivals := s.col.engine.claims.openLike(s.w.identity(i))
	return slices.ContainsFunc(rivals, func(create lostCreate) bool { return !s.own[create.of] && s.col.names.mayBe(create.of, record) })
}

// adoptProven adopts a record that a create may have made, unless other users use it, or it has links that were not
// sent. If this batch has sent the create, and no messages prove the record, only the last look adopts it. If messages
// of the create are missing, only the last look decides. An exact batch adopts a record only if it has everything that
// was sent. If the search may begin at too low a revision, the record may be an older one that someone has changed.
func (s *search[T, In]) adoptProven(ctx context.Context, i int, record T) {
	switch use := s.useOf(ctx, i, record.Meta().ID); {
	case !s.last && use.use == incomplete:
		s.openUntilLast[i] = openRecord{record.Meta().ID, lacksSomething}
	case !s.last && (s.w.changes[i].Earlier == nil || s.w.changes[i].isSent) && !s.isProvenByMessages(i):
		s.openUntilLast[i] = openRecord{record.Meta().ID, mayBeOthers}
	case use.err != nil:
		s.useErr = use.err
	case use.use != unused, s.mayBePassed(i, record),
		(s.w.exact || !s.isProvenByMessages(i)) && s.hasOtherLinks(i, record),
		s.w.exact && !s.col.carried(s.w.changes[i].Input, record),
		s.w.attempt(i).Since.IsUnproven && !s.col.entity.ordersByRevision(ctx):
		s.failAmbiguous([]int{i}, []T{record})
	default:
		s.adopt(i, record)
	}
}

// hasOtherLinks reports whether the record has links of a kind that neither the create nor its earlier attempt has
// sent.
func (s *search[T, In]) hasOtherLinks(i int, record T) bool {
	sent := []*In{&s.w.changes[i].Input}
	if tried := s.w.changes[i].Tried; tried != nil {
		sent = append(sent, tried)
	}
	return s.col.fields.hasMore(sent, &record, isLink)
}

// mayBePassed reports whether an unused record may be one that a recalled attempt has passed: it has changed since it
// was created. If it contains the messages that the attempt has sent, it is the attempt's record, whatever the clocks
// say.
func (s *search[T, In]) mayBePassed(i int, record T) bool {
	return s.w.attempt(i).IsRecalled && !s.isProvenByMessages(i) && s.col.inside.hasChanged(record)
}

// adopt makes the record the result of a create. If the record lacks a value, or has the value of an earlier try, the
// create becomes an update of only that: the rest may come from someone else.
func (s *search[T, In]) adopt(i int, record T) {
	if !s.col.engine.claims.adopt(record.Meta().ID, s.w.changes[i].Owner, s.w.attempt(i).IsRecalled) {
		s.claimed = append(s.claimed, record) // meanwhile, its owner has claimed it
		return
	}
	s.col.reads.finish([]client.ID{record.Meta().ID}) // it may be updated
	s.w.results[i] = Result[T]{
		Value: record, Adopted: true, Unsent: s.w.changes[i].Earlier != nil && !s.w.changes[i].isSent,
		Unchecked: s.talked == nil && !s.w.exact, // an exact batch has read the messages of the record
	}
	if !s.col.carried(s.w.changes[i].Input, record) {
		missing := s.col.fields.missing(s.w.changes[i].Input, s.attempted(i, record), &record)
		s.w.changes[i].Input = s.col.fields.unspelled(missing, &record)
	}
	if s.col.carried(s.w.changes[i].Input, record) {
		s.w.ids[i] = record.Meta().ID
		return
	}
	s.w.head(i).ID = client.Value(record.Meta().ID)
	s.w.bringUpToDate(i, record)
}

// failAmbiguous leaves the items open, because of records that may be theirs. It skips records that their owners have
// claimed meanwhile. An owner that claims one from now on is told about it.
func (s *search[T, In]) failAmbiguous(items []int, records []T) {
	records = only(records, func(record T) bool {
		s.col.engine.claims.doubt(record.Meta().ID)
		isFree := s.col.engine.claims.of(record.Meta().ID).isFree(s.owners)
		if !isFree {
			s.claimed = append(s.claimed, record)
		}
		return isFree
	})
	if len(records) > 0 {
		s.w.failAmbiguous(items, records)
	}
}

func (w *writing[T, In]) failAmbiguous(items []int, records []T) {
	w.failUnknown(items, &AmbiguousError{IDs: mapped(records, func(record T) client.ID { return record.Meta().ID })})
}
