package client

import (
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// An ID is the UUID of a record. Its text is always in lower case, so that two
// IDs are equal exactly if they name the same record.
type ID struct{ uuid uuid.UUID }

const uuidLength = 36

// ParseID returns the ID in s, which is a UUID or a URI that ends in one, with or
// without a trailing slash. Case does not matter.
func ParseID(s string) (ID, error) {
	id, _, err := ParseReference(s)
	return id, err
}

// ParseReference returns the ID in s, as [ParseID] does, and the path segment of the
// entity before it: "Accounts" in ".../entities/Accounts/<uuid>", or "" if there is none.
func ParseReference(s string) (id ID, entity string, err error) {
	text, prefix := s, ""
	uri := strings.TrimSuffix(s, "/")
	if cut := len(uri) - uuidLength; cut > 0 && canPrecede(uri[:cut]) {
		prefix, text = uri[:cut-1], uri[cut:]
	}
	parsed, err := uuid.Parse(text)
	if len(text) != uuidLength || err != nil {
		return ID{}, "", fmt.Errorf("%q is neither a UUID, such as 0190978c-d6d1-de35-3f6d-7cf0a0e264db, nor a URI that ends in one", s)
	}
	if parsed == uuid.Nil {
		return ID{}, "", fmt.Errorf("%q is the nil UUID, which names no record", s)
	}
	if _, after, found := strings.Cut(prefix, "/entities/"); found {
		entity, _, _ = strings.Cut(after, "?")
	}
	return ID{uuid: parsed}, entity, nil
}

// canPrecede reports whether a UUID after this prefix ends a URI: as the last segment of its path, as a value in its
// query or fragment, or in a URN. A prefix that looks like a key or a setting, such as "phone_id=", does not qualify.
func canPrecede(prefix string) bool {
	first, _, isPath := strings.Cut(prefix, "/")
	if strings.Contains(first, "=") {
		return false
	}
	switch prefix[len(prefix)-1] {
	case '/':
		return true
	case '=':
		return isPath && strings.ContainsAny(prefix, "?#")
	}
	return strings.EqualFold(prefix, "urn:uuid:")
}

// IsZero reports whether the ID is missing.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the UUID in lower case.
func (id ID) String() string { return id.uuid.String() }

// MarshalText writes the UUID in lower case.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText parses the text as [ParseID] does.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
