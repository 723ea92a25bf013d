package engine

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// MatchMessages returns which of the messages each of the inputs has created, as
// indexes, -1 where that is not known. What agrees in everything comes first, then
// what the service may have stored in another way. It does not guess: of more
// messages than there are inputs for them, none is chosen.
func MatchMessages(inputs []client.MessageInput, made []client.Message) []int {
	matched := make([]int, len(inputs))
	for i := range matched {
		matched[i] = -1
	}
	for _, same := range []func(client.MessageInput, client.Message) bool{Agrees, IsLike} {
		candidates := make([][]int, len(inputs)) // of each input, messages
		for i, input := range inputs {
			for j, message := range made {
				if matched[i] < 0 && !slices.Contains(matched, j) && same(input, message) {
					candidates[i] = append(candidates[i], j)
				}
			}
		}
		for i := nextCertain(candidates); i >= 0; i = nextCertain(candidates) {
			chosen := candidates[i][0]
			matched[i], candidates[i] = chosen, nil
			for other := range candidates {
				candidates[other] = slices.DeleteFunc(candidates[other], func(j int) bool { return j == chosen })
			}
		}
	}
	return matched
}

// nextCertain returns an input that no other one with fewer candidates could
// need the first candidate of, and of whose candidates none is too many; -1 where
// there is none.
func nextCertain(candidates [][]int) int {
	best := -1
	for i, of := range candidates {
		if len(of) == 0 || best >= 0 && len(candidates[best]) <= len(of) {
			continue
		}
		rivals := 0
		for _, other := range candidates {
			if slices.Equal(of, other) {
				rivals++
			}
		}
		if len(of) <= rivals {
			best = i
		}
	}
	return best
}

// inOrder sorts messages as they were made.
func inOrder(messages []client.Message) {
	slices.SortStableFunc(messages, func(a, b client.Message) int { return cmp.Compare(a.Revision, b.Revision) })
}
