package engine

import (
	"cmp"
	"slices"

	"github.com/terraform-provider-pipeliner/terraform-provider-pipeliner/internal/client"
)

// MatchMessages returns for each input the index of the message that it has created, or -1 if that is unknown. It
// first matches messages that agree in everything, then messages that the service may have stored differently. It
// does not guess: if more messages match than there are inputs for them, it chooses none.
func MatchMessages(inputs []client.MessageInput, made []client.Message) []int {
	matched := slices.Repeat([]int{-1}, len(inputs))
	key := canonicalContent
	if slices.ContainsFunc(inputs, func(input client.MessageInput) bool { _, isSet := input.Content.Get(); return !isSet }) {
		key = func(string) string { return "" } // any message may be of that input
	}
	messages, items := map[string][]int{}, map[string][]int{} // by content
	for j, message := range made {
		content := key(message.Content)
		messages[content] = append(messages[content], j)
	}
	for i, input := range inputs {
		content := key(orZero(input.Content))
		items[content] = append(items[content], i)
	}
	for content, items := range items {
		matchAlike(inputs, items, made, messages[content], matched)
	}
	return matched
}

// matchAlike does the same for the inputs and the messages of one content.
func matchAlike(inputs []client.MessageInput, items []int, made []client.Message, messages, matched []int) {
	taken := map[int]bool{}
	for _, same := range []func(client.MessageInput, client.Message) bool{Agrees, isLike} {
		candidates := make([][]int, len(items)) // messages, for each input
		for n, i := range items {
			for _, j := range messages {
				if matched[i] < 0 && !taken[j] && same(inputs[i], made[j]) {
					candidates[n] = append(candidates[n], j)
				}
			}
		}
		for n := nextCertain(candidates); n >= 0; n = nextCertain(candidates) {
			chosen := candidates[n][0]
			matched[items[n]], candidates[n], taken[chosen] = chosen, nil, true
			for other := range candidates {
				candidates[other] = slices.DeleteFunc(candidates[other], func(j int) bool { return j == chosen })
			}
		}
	}
}

// nextCertain returns the input to match next, or -1 if none is certain. An input is certain if it has no more
// candidates than there are inputs with exactly these candidates. The input with the fewest candidates comes first.
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
