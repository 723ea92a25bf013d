package engine

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// MatchMessages returns for each input the index of the message that it has created, or -1
// if that is unknown. It first matches messages that agree in everything, then those that
// the service may have stored otherwise. It does not guess: if more messages match than
// there are inputs for them, it chooses none.
func MatchMessages(inputs []client.MessageInput, made []client.Message) []int {
	matched := slices.Repeat([]int{-1}, len(inputs))
	for _, same := range []func(client.MessageInput, client.Message) bool{Agrees, isLike} {
		candidates := make([][]int, len(inputs)) // messages, for each input
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

// nextCertain returns the input to match next, or -1 if none is certain. An input is
// certain if no more candidates fit it than there are inputs with exactly these
// candidates. The input with the fewest candidates comes first.
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

// inOrder sorts messages in the order in which they were made.
func inOrder(messages []client.Message) {
	slices.SortStableFunc(messages, func(a, b client.Message) int { return cmp.Compare(a.Revision, b.Revision) })
}
