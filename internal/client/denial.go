package client

import "sync"

// A denial is the service's answer that the credentials are wrong. Sending them
// again, for each of a thousand resources, would lock the account.
type denial struct {
	mu  sync.Mutex
	err error
}

func (d *denial) set(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *denial) get() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
