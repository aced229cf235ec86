package near

// Union holds disjoint sets of samples (B. Galler and M. Fischer, 1964, with
// path halving) in four bytes a sample. The zero value is sets of one sample
// each.
type Union struct {
	parent []int32 // grown as needed
	joined int
}

func (u *Union) grow(n int) {
	for len(u.parent) < n {
		u.parent = append(u.parent, int32(len(u.parent)))
	}
}

// Join puts a and b into one set.
func (u *Union) Join(a, b int) {
	u.grow(max(a, b) + 1)
	x, y := u.root(int32(a)), u.root(int32(b))
	if x == y {
		return
	}
	u.parent[max(x, y)] = min(x, y)
	u.joined++
}

func (u *Union) root(a int32) int32 {
	for u.parent[a] != a {
		u.parent[a] = u.parent[u.parent[a]]
		a = u.parent[a]
	}
	return a
}

// Find returns the smallest sample of a's set.
func (u *Union) Find(a int) int {
	if a >= len(u.parent) {
		return a
	}
	return int(u.root(int32(a)))
}

// Joined is how many samples are in a set with a smaller one: the copies.
func (u *Union) Joined() int { return u.joined }

// Copies calls visit with each sample that is not the smallest of its set and
// with the smallest, in rising order, until visit returns false.
func (u *Union) Copies(visit func(sample, first int) bool) {
	for a := range u.parent {
		if r := u.Find(a); r != a && !visit(a, r) {
			return
		}
	}
}

// Groups returns the group of each of n samples, or -1 for samples alone in
// theirs: what package split takes.
func (u *Union) Groups(n int) func(i int) int {
	many := make([]bool, min(n, len(u.parent)))
	u.Copies(func(a, r int) bool {
		if a < len(many) {
			many[a], many[r] = true, true
		}
		return true
	})
	return func(i int) int {
		if i >= len(many) || !many[i] {
			return -1
		}
		return u.Find(i)
	}
}
