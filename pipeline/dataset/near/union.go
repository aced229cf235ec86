package near

// Union holds disjoint sets of samples (B. Galler and M. Fischer, 1964, with
// path halving). The zero value is n sets of one sample each for any n.
type Union struct{ parent map[int32]int32 }

// Join puts a and b into one set.
func (u *Union) Join(a, b int) {
	if u.parent == nil {
		u.parent = map[int32]int32{}
	}
	x, y := u.root(int32(a)), u.root(int32(b))
	if x == y {
		return
	}
	if x > y {
		x, y = y, x
	}
	u.parent[y] = x
}

func (u *Union) root(a int32) int32 {
	for {
		p, ok := u.parent[a]
		if !ok {
			return a
		}
		if g, ok := u.parent[p]; ok {
			u.parent[a] = g
		}
		a = p
	}
}

// Find returns the smallest sample of a's set.
func (u *Union) Find(a int) int { return int(u.root(int32(a))) }

// Joined is how many samples are in a set with a smaller one: the copies.
func (u *Union) Joined() int { return len(u.parent) }

// Groups returns for each of n samples the number of its group, or -1 for
// samples alone in theirs: what package split takes.
func (u *Union) Groups(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	for a := range u.parent {
		r := u.Find(int(a))
		if int(a) < n {
			out[a], out[r] = r, r
		}
	}
	return out
}
