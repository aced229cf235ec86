package feed

// Codes are the classes of many samples: a byte each while there are few classes.
// Appending belongs to one goroutine; after that, At is safe for concurrent use.
type Codes struct {
	small []uint8
	large []int32 // in use once a class is above 255
}

// Add appends a class.
func (c *Codes) Add(class int32) {
	if c.large == nil && class <= 255 {
		c.small = append(c.small, uint8(class))
		return
	}
	if c.large == nil {
		c.large = make([]int32, len(c.small), len(c.small)+len(c.small)/4+64)
		for i, v := range c.small {
			c.large[i] = int32(v)
		}
		c.small = nil
	}
	c.large = append(c.large, class)
}

// Len is the number of samples.
func (c *Codes) Len() int { return max(len(c.small), len(c.large)) }

// At is the class of sample i.
func (c *Codes) At(i int) int {
	if c.large != nil {
		return int(c.large[i])
	}
	return int(c.small[i])
}

// Renumber replaces every class v by to[v].
func (c *Codes) Renumber(to []int32) {
	for i, v := range c.large {
		c.large[i] = to[v]
	}
	for i, v := range c.small {
		c.small[i] = uint8(to[v]) // as many classes as before
	}
}
