package client

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// secrets hide a client's credentials in texts of the service, because proxies, login pages and error messages echo
// the headers of a request. The client passes each such text through them before it adds the text to an error or a
// log.
type secrets struct {
	pattern func() *regexp.Regexp // compiled when first needed; nil: there are none
}

const (
	// hidden replaces a secret.
	hidden = "***"
	// leastSecret is the length of the shortest password that is hidden wherever it occurs. A shorter password may be
	// part of ordinary words, and hiding it there would reveal it.
	leastSecret = 4
	// hiddenPart is how many bytes of a reply are enough for its snippet.
	hiddenPart = 64 << 10
)

// anyAuthorization matches a header with credentials of any user.
const anyAuthorization = `((?i:authorization)["']?\s*[:=]\s*\[?["']?(?i:basic|bearer|digest|negotiate)\s+)[^\s"'<>,;\]\\]+`

// ampersand matches an ampersand in HTML, even if a JSON string contains the HTML.
const ampersand = `(?:&|\\+u0026)`

func newSecrets(username, password string) secrets {
	patterns := []string{anyAuthorization}
	var texts []string
	if password != "" {
		texts = append(texts, username+":"+password)
	}
	if utf8.RuneCountInString(password) >= leastSecret {
		texts = append(texts, password)
	}
	for _, text := range texts {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			patterns = append(patterns, spellings(encoding.EncodeToString([]byte(text)))+"(?:=|(?i:%3d))*")
		}
		patterns = append(patterns, spellings(text))
	}
	return secrets{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(strings.Join(patterns, "|")) })}
}

// spellings returns a pattern that matches the text with each character as it is, or
// escaped as in URLs, JSON, HTML, XML or a quoted string.
func spellings(text string) string {
	var pattern strings.Builder
	for _, r := range text {
		character := regexp.QuoteMeta(string(r))
		ways := []string{character, `\\+` + character, fmt.Sprintf(ampersand+"(?i:#0*%d;|#x0*%x;)", r, r)}
		if named := html.EscapeString(string(r)); named != string(r) {
			ways = append(ways, strings.Replace(named, "&", ampersand, 1))
		}
		var percent, bytewise, escaped strings.Builder
		for _, b := range []byte(string(r)) {
			fmt.Fprintf(&percent, "(?i:%%(?:25)?%02x)", b)
			fmt.Fprintf(&bytewise, `(?i:\\+x%02x)`, b)
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&escaped, `(?i:\\+u%04x)`, unit)
		}
		ways = append(ways, percent.String(), bytewise.String(), escaped.String())
		switch r {
		case ' ':
			ways = append(ways, `\s+`, `\+`)
		case '"':
			ways = append(ways, ampersand+"quot;")
		case '\'':
			ways = append(ways, ampersand+"apos;")
		case '\n':
			ways = append(ways, `\\+n`)
		case '\t':
			ways = append(ways, `\\+t`)
		}
		pattern.WriteString("(?:" + strings.Join(ways, "|") + ")")
	}
	return pattern.String()
}

// hide returns the text without the credentials.
func (s secrets) hide(text []byte) []byte {
	if s.pattern == nil {
		return text
	}
	return s.pattern().ReplaceAll(text, []byte("${1}"+hidden))
}

// hideInJSON returns a JSON text without the credentials in its strings. The text remains valid JSON: a credential
// may also be part of a number or of a name. hideInJSON handles other texts like hide.
func (s secrets) hideInJSON(text []byte) []byte {
	var value any
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	err := in.Decode(&value)
	if _, more := in.Token(); err != nil || more != io.EOF {
		return s.hide(text)
	}
	safe, _ := json.Marshal(s.hideInValue("", value)) //nolint:errchkjson // it has been JSON before
	return safe
}

// hideInValue is hideInJSON for a decoded value with a name.
func (s secrets) hideInValue(name string, value any) any {
	switch value := value.(type) {
	case string:
		// The name may say that the value is a header with credentials.
		if safe, isWhole := strings.CutPrefix(string(s.hide([]byte(name+": "+value))), name+": "); isWhole {
			return safe
		}
		return string(s.hide([]byte(value)))
	case []any:
		for i := range value {
			value[i] = s.hideInValue(name, value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = s.hideInValue(name, value[name])
		}
	}
	return value
}

// hideIn returns a connection error without the credentials. Such an error may quote unexpected data that came
// instead of a reply. A *ReplyError stays as it is, because the client has already removed the credentials.
func (s secrets) hideIn(err error) error {
	if err == nil || errors.As(err, new(*ReplyError)) {
		return err
	}
	if text := string(s.hide([]byte(err.Error()))); text != err.Error() {
		return errors.New(text)
	}
	return err
}

// snippet returns the beginning of a text of the service, safe to print.
func (s secrets) snippet(text []byte) string {
	return snippet(s.hide(text[:min(len(text), hiddenPart)]))
}

// A hiddenBody is a body for a log. It hides the credentials only when the log writes it.
type hiddenBody struct {
	secrets secrets
	text    []byte
}

// MarshalText returns the body without the credentials.
func (b hiddenBody) MarshalText() ([]byte, error) { return b.secrets.hide(b.text), nil }
