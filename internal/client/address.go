package client

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

const apiPath = "/api/v100/rest/spaces/"

// spaceURL returns the base URL of a space. The service URL may be a bare host, a URL with or without a trailing
// slash, or the whole base URL, in which case space may be empty. If the space is wrong, the error is a *ConfigError.
func spaceURL(service, space string) (*url.URL, error) {
	service = strings.TrimSpace(service)
	if service == "" {
		return nil, errors.New("it is empty; the space's administration shows it, such as " +
			"https://eu-central.api.pipelinersales.com")
	}
	if !strings.Contains(service, "://") {
		service = "https://" + service
	}
	u, err := url.Parse(service)
	if err != nil || !isHost(u.Hostname()) || strings.HasSuffix(u.Host, ":") { // https:/host has no host
		return nil, errors.New("it is not a URL such as https://eu-central.api.pipelinersales.com")
	}
	if strings.ContainsFunc(u.Path, unicode.IsSpace) {
		return nil, errors.New("it contains white space")
	}
	if port, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || port < 1 || port > math.MaxUint16) {
		return nil, fmt.Errorf("its port, %s, is not a number from 1 to %d", u.Port(), math.MaxUint16)
	}
	if u.User != nil {
		return nil, errors.New("it contains credentials; use the settings username and password")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("it has a query or a fragment; use only the scheme and the host, such as " +
			"https://eu-central.api.pipelinersales.com")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && isLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, fmt.Errorf("plain http to %s would send the password unencrypted; use https (http is "+
			"accepted only for the local machine)", u.Host)
	default:
		return nil, fmt.Errorf("its scheme is %q; use https", u.Scheme)
	}
	before, _, whole := strings.Cut(u.Path, apiPath)
	if whole {
		inURL := SpaceIn(u.Path)
		if space == "" {
			space = inURL
		}
		if inURL != "" && inURL != space {
			return nil, fmt.Errorf("it names the space %q, but space_id is %q; remove the path from service_url, or correct space_id (PIPELINER_SPACE_ID)", inURL, space)
		}
	} else {
		before = withoutBegunAPIPath(u.Path)
	}
	if wrong := faultOfSpace(space); wrong != "" {
		return nil, &ConfigError{Setting: "space_id", Err: fmt.Errorf("it %s; the space's administration shows it, such as acme_sales", wrong)}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimRight(before, "/") + apiPath + space}, nil
}

// faultOfSpace says what is wrong with a space id, or returns an empty string.
func faultOfSpace(id string) string {
	strange := strings.IndexFunc(id, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/?#%", r) })
	switch {
	case id == "":
		return "is empty"
	case id == "." || id == "..":
		return "is no id"
	case strange < 0:
		return ""
	case id[strange] == '/':
		return "contains a slash"
	case strings.ContainsRune("?#%", rune(id[strange])):
		return "contains " + id[strange:strange+1]
	}
	return "contains white space, such as a line end"
}

// withoutBegunAPIPath removes an incomplete API path, such as "/api/v100", from the end of a path. The part before it
// is the path of a gateway.
func withoutBegunAPIPath(path string) string {
	path = strings.TrimRight(path, "/")
	for begun := strings.TrimRight(apiPath, "/"); begun != ""; begun = begun[:strings.LastIndexByte(begun, '/')] {
		if before, found := strings.CutSuffix(path, begun); found {
			return before
		}
	}
	return path
}

// SpaceIn returns the space id in the URI of a space or of a record in it, or "" if it has
// none. The URI of a record may lack the part of the API's path before "/spaces/".
func SpaceIn(uri string) string {
	_, after, found := strings.Cut(uri, apiPath)
	if before, _, isRecord := strings.Cut(uri, "/entities/"); !found && isRecord {
		_, after, _ = strings.Cut(before, "/spaces/")
	}
	space, _, _ := strings.Cut(strings.TrimSpace(after), "/")
	if plain, err := url.PathUnescape(space); err == nil {
		return plain
	}
	return space
}

// isHost reports whether a text can be an IP address or a host name, which contains a letter.
func isHost(text string) bool {
	if address, _, _ := strings.Cut(text, "%"); net.ParseIP(address) != nil {
		return true
	}
	isStrange := func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune(".-_", r)
	}
	return strings.ContainsFunc(text, unicode.IsLetter) && !strings.ContainsFunc(text, isStrange)
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
