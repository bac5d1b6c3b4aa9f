package consistency

import "fmt"

// What the clients do, at random.

// create makes a new item for keys.names[index], in place of `old`.
func (client *transactionClient) create(index int, old string) error {
	client.sent++
	name := fmt.Sprintf("key %d of %d-%d", index, client.number, client.sent)
	outcome, err := client.alone(client.newAction(bringBack, name))
	if outcome == Done {
		client.keys.replace(index, old, name)
	}
	return err
}

func (client *transactionClient) someKeys(count int) []string {
	var names []string
	for _, index := range client.rng.Perm(len(client.keys.names))[:count] {
		names = append(names, client.keys.name(index))
	}
	return names
}

func (client *transactionClient) step() error {
	for key := range client.absent {
		if client.rng.Intn(3) == 0 {
			return client.restore(key)
		}
	}
	for index := range client.keys.names {
		if name := client.keys.name(index); len(client.known[name]) > logMax {
			return client.create(index, name)
		}
	}
	switch choice := client.rng.Intn(100); {
	case choice < 15:
		return client.get(client.someKeys(1)[0])
	case choice < 35:
		_, err := client.transactGet(client.someKeys(2 + client.rng.Intn(3)))
		return err
	case choice < 50:
		return client.writeOne()
	case choice < 65:
		var actions []action
		for _, key := range client.someKeys(2 + client.rng.Intn(2)) {
			actions = append(actions, client.newAction(appendBlindly, key))
		}
		_, err := client.together(actions)
		return err
	case choice < 95:
		return client.readAndWrite()
	}
	return client.remove()
}

func (client *transactionClient) writeOne() error {
	key := client.someKeys(1)[0]
	kinds := []actionKind{appendBlindly, appendIfNewest, putIfNewest}
	kind := kinds[client.rng.Intn(len(kinds))]
	if client.known[key] == nil {
		kind = appendBlindly
	}
	_, err := client.alone(client.newAction(kind, key))
	return err
}

// readAndWrite: what is written rests on all that was read.
func (client *transactionClient) readAndWrite() error {
	keys := client.someKeys(2 + client.rng.Intn(2))
	if outcome, err := client.transactGet(keys); outcome != Done || err != nil {
		return err
	}
	var actions []action
	for i, key := range keys {
		if client.known[key] == nil {
			return nil
		}
		kind := []actionKind{appendIfNewest, putIfNewest, checkNewest}[client.rng.Intn(3)]
		if i == 0 {
			kind = appendIfNewest
		}
		actions = append(actions, client.newAction(kind, key))
	}
	_, err := client.together(actions)
	return err
}

// remove deletes an item that no other client deletes, and so knows which absence the item has.
func (client *transactionClient) remove() error {
	mine := client.number + client.clients*client.rng.Intn(1+(len(client.keys.names)-1-client.number)/client.clients)
	key, other := client.keys.name(mine), client.keys.name((mine+1)%len(client.keys.names))
	if err := client.get(key); err != nil {
		return err
	}
	if _, pending := client.absent[key]; pending || client.known[key] == nil {
		return nil
	}
	made := client.newAction(deleteIfNewest, key)
	if client.rng.Intn(2) == 0 {
		_, err := client.alone(made)
		return err
	}
	_, err := client.together([]action{made, client.newAction(appendBlindly, other)})
	return err
}

func (client *transactionClient) restore(key string) error {
	made := client.newAction(bringBack, key)
	if client.rng.Intn(2) == 0 {
		_, err := client.alone(made)
		return err
	}
	other := client.someKeys(1)[0]
	if other == key {
		other = client.keys.name((client.number + 1) % len(client.keys.names))
	}
	if other == key {
		return nil
	}
	_, err := client.together([]action{made, client.newAction(appendBlindly, other)})
	return err
}

const restoresMax = 100

// finish brings back what is absent.
func (client *transactionClient) finish() error {
	for i := 0; len(client.absent) > 0; i++ {
		for key := range client.absent {
			if i == restoresMax {
				return fmt.Errorf("%s was deleted and cannot be put again", key)
			}
			if _, err := client.alone(client.newAction(bringBack, key)); err != nil {
				return err
			}
		}
	}
	return nil
}

// readAll ends a history: all logs as they are once nothing happens any more.
func (client *transactionClient) readAll() error {
	for _, key := range client.keys.ever {
		if err := client.get(key); err != nil {
			return err
		}
	}
	for _, index := range client.rng.Perm(len(client.keys.names)) {
		keys := []string{client.keys.name(index), client.keys.name((index + 1) % len(client.keys.names))}
		if _, err := client.transactGet(keys); err != nil {
			return err
		}
	}
	return nil
}
